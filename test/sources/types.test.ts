// What files disagree about, or do not say, about the types of their columns: columns without values, annotations, and columns in the names of folders.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConvertOptions, convert, inspect, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duck } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { said } from "../support/notes.js";
import { python } from "../support/python.js";
import { refused } from "../support/refused.js";
import { withStore } from "../support/roundtrip.js";

/** Writes a file below `data` by DuckDB. */
async function write(source: string, name: string, select: string): Promise<string> {
  const path = place(source, "data", name);
  await (await duck()).run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
  return path;
}

/** Rows of a subject with a column x; each row's x is an expression of SQL. */
const rows = (subject: number, ...x: string[]) =>
  x.map((value) => `SELECT ${subject}::BIGINT AS subject_id, NULL::TIMESTAMP AS time, 'A' AS code, ${value} AS x`).join(" UNION ALL ");

/** A source of such files, in this order. */
async function files(...selects: string[]): Promise<string> {
  const source = folder("types");
  for (const [at, select] of selects.entries()) await write(source, `${at}.parquet`, select);
  return source;
}

const valuesOf = (db: PatientDatabase, name = "x") =>
  [...db].flatMap((patient) => [...patient].map((event) => [Number(patient.subjectId), event.get(name)]));
const typeOf = (db: PatientDatabase, name = "x") => db.columns.find((column) => column.name === name)?.type;

/** Replaces bytes of a file's footer, the last place where they are. */
function patch(path: string, from: number[], to: number[]): void {
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf(Buffer.from(from));
  expect(at).toBeGreaterThan(0);
  const whole = Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
  const end = whole.length - 8;
  whole.writeUInt32LE(whole.readUInt32LE(end) + to.length - from.length, end);
  writeFileSync(path, whole);
}

/** A Python program in the peers' venv. */
function run(program: string, ...args: string[]): void {
  const done = spawnSync(python!, ["-c", program, ...args], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
}

describe("a column without a value in a file has no type", () => {
  const typed: [kind: string, value: string, stored: unknown, type: string][] = [
    ["VARCHAR", "'x'", "x", "utf8"],
    ["BIGINT", "7", 7n, "int64"],
    ["DOUBLE", "0.5", 0.5, "float64"],
    ["BOOLEAN", "true", true, "bool"],
    ["VARCHAR[]", "['x']", ["x"], "list<utf8>"],
    ["STRUCT(a INTEGER)", "{'a': 1}", { a: 1 }, "struct<a: int32>"],
  ];
  for (const [kind, value, stored, type] of typed) {
    it(`whatever type it is declared as, beside ${kind}, in whatever order`, async () => {
      for (const none of ["INTEGER", "DOUBLE", "BOOLEAN", "VARCHAR", "BLOB", "DATE", "INTEGER[]"]) {
        const valued = rows(1, `${value}::${kind}`);
        const empty = (subject: number) => rows(subject, `NULL::${none}`, `NULL::${none}`);
        for (const order of [[valued, empty(2)], [empty(2), valued], [empty(2), valued, empty(3)]]) // biome-ignore format: a list
          await withStore(await files(...order), (db) => {
            expect(valuesOf(db).filter(([, x]) => x !== null)).toEqual([[1, stored]]);
            expect(db.eventCount).toBe(order.length * 2 - 1);
            if (none !== "INTEGER[]" && !(none === "INTEGER" && kind === "DOUBLE")) expect(typeOf(db)).toBe(type);
          });
      }
    });
  }

  it("inside of lists and structs too", async () => {
    await withStore(
      await files(rows(1, "['x']"), rows(2, "[NULL::INTEGER]", "[]::INTEGER[]")),
      (db) =>
      expect(valuesOf(db)).toEqual([[1, ["x"]], [2, [null]], [2, []]]), // biome-ignore format: a list
    );
    await withStore(
      await files(rows(2, "{'a': NULL::DATE, 'b': 2}"), rows(1, "{'a': 'x', 'b': 1}")),
      (db) =>
      expect(valuesOf(db)).toEqual([[2, { a: null, b: 2 }], [1, { a: "x", b: 1 }]]), // biome-ignore format: a list
    );
  });

  it("nor have time, numeric_value and subject_id, as far as rows can be without them", async () => {
    const select = (subject: string, time: string, number: string) =>
      `SELECT ${subject} AS subject_id, ${time} AS time, 'A' AS code, ${number} AS numeric_value`;
    const source = await files(
      select("1::BIGINT", "NULL::INTEGER", "NULL::VARCHAR"),
      select("2::BIGINT", "make_timestamp(5)", "1.5::FLOAT"),
      `${select("NULL::VARCHAR", "NULL::BLOB", "NULL::BOOLEAN")} LIMIT 0`,
    );
    await withStore(source, (db) => {
      const of = (id: bigint) => [...db.get(id)!].map((event) => [event.timeMicros, event.numericValue]);
      expect([of(1n), of(2n)]).toEqual([[[null, null]], [[5n, 1.5]]]);
      expect(typeOf(db, "numeric_value")).toBe("float32");
    });
  });

  it("but one value among nulls, NaN and an empty list are values, whose conflict stays one", async () => {
    for (const other of [["NULL", "1.5::DOUBLE"], ["'NaN'::DOUBLE"], ["[]::INTEGER[]"]]) {
      const error = await refused(await files(rows(1, "'x'"), rows(2, ...other)));
      expect(error).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", message: expect.stringContaining('"x"') });
    }
  });

  it("and rows without a code stay refused by their file", async () => {
    const source = await files(rows(1, "1"), "SELECT 2::BIGINT AS subject_id, NULL::TIMESTAMP AS time, NULL::INTEGER AS code, 1 AS x");
    expect(await refused(source)).toMatchObject({ code: "MEDS_NULL_VALUE", message: expect.stringContaining("no code") });
  });

  it("nor have the columns of files without rows, which may lack columns altogether", async () => {
    const source = await files("SELECT 1 AS other LIMIT 0", rows(1, "'x'"), `${rows(2, "[1]").replace("'A'", "NULL::INTEGER")} LIMIT 0`);
    await withStore(source, (db) => expect(valuesOf(db)).toEqual([[1, "x"]]));
  });

  it.skipIf(!python)("as pandas, polars and pyarrow write it, with and without statistics", async () => {
    const source = folder("frames");
    place(source, "data", "0");
    run(
      `import sys, datetime as dt, pandas as pd, polars as pl, pyarrow as pa, pyarrow.parquet as pq
at = sys.argv[1] + "/data/"
frame = lambda id, x: {"subject_id": [id], "time": [dt.datetime(2021, 3, 4)], "code": ["A"], "x": x}
pd.DataFrame(frame(1, pd.Series([None], dtype=object))).to_parquet(at + "1.parquet", index=False)
pd.DataFrame(frame(2, [float("nan")])).assign(x=lambda f: f.x.astype("Float64")).to_parquet(at + "2.parquet", index=False)
pl.DataFrame(frame(3, [None])).write_parquet(at + "3.parquet")
pl.DataFrame(frame(4, [None])).with_columns(pl.col("x").cast(pl.Int8)).write_parquet(at + "4.parquet", statistics=False)
pq.write_table(pa.table(frame(5, pa.nulls(1, pa.float64()))), at + "5.parquet", write_statistics=False)
pq.write_table(pa.table(frame(6, pa.nulls(1, pa.list_(pa.int8())))), at + "6.parquet", write_statistics=False)
pq.write_table(pa.table(frame(7, ["x"])), at + "7.parquet")
pd.DataFrame(frame(8, [None])).iloc[:0].astype(object).to_parquet(at + "8.parquet", index=False)`,
      source,
    );
    await withStore(source, (db) => {
      expect(valuesOf(db)).toEqual([1, 2, 3, 4, 5, 6, 7].map((id) => [id, id === 7 ? "x" : null]));
      expect(typeOf(db)).toBe("utf8");
    });
    const found = await inspect(source);
    expect(found).toMatchObject({ problem: null });
  });
});

describe("annotations of Parquet", () => {
  it("ENUM is text, and joins with text", async () => {
    for (const order of [0, 1]) {
      const source = await files(rows(1, "'icu'"), rows(2, "'größer'", "NULL"));
      // DuckDB annotates by ConvertedType alone: UTF8 (0) becomes ENUM (4).
      patch(join(source, "data", `${order}.parquet`), [0x78, 0x25, 0x00], [0x78, 0x25, 0x08]);
      await withStore(source, (db) => {
        expect(valuesOf(db)).toEqual([[1, "icu"], [2, "größer"], [2, null]]); // biome-ignore format: a list
        expect(typeOf(db)).toBe("utf8");
      });
    }
  });

  it("JSON of DuckDB is text", async () => {
    await withStore(await files(rows(1, `'{"a":1}'::JSON`)), (db) => expect(valuesOf(db)).toEqual([[1, '{"a":1}']]));
  });

  it("of a type that cannot be decoded take no other column with them", async () => {
    const source = await files(rows(1, "INTERVAL 3 DAY").replace(" AS x", " AS x, 'kept' AS note"));
    // INTERVAL (21) with the logical type UNKNOWN (11), as parquet-java writes it.
    patch(join(source, "data/0.parquet"), [0x78, 0x25, 0x2a], [0x78, 0x25, 0x2a, 0x4c, 0xbc, 0x00, 0x00]);
    await withStore(source, (db, summary) => {
      expect(valuesOf(db, "note")).toEqual([[1, "kept"]]);
      expect(said(summary.notes)).toMatchObject([{ kind: "skipped", message: expect.stringMatching(/"x".*cannot be decoded.*INTERVAL/) }]);
    });
    for (const options of [{ exclude: ["x"] }, { columns: ["note"] }] satisfies ConvertOptions[])
      await withStore(
        source,
        (db, summary) => {
          expect(valuesOf(db, "note")).toEqual([[1, "kept"]]);
          expect(said(summary.notes)).toEqual([]);
        },
        options,
      );
    const inspected = await inspect(source);
    expect([inspected.problem, said(inspected.notes ?? [])]).toMatchObject([null, [{ message: expect.stringContaining('"x"') }]]);
  });

  it("VARIANT of DuckDB is left out with a note", async () => {
    const source = await files(...["'a'", "1"].map((x, at) => rows(at + 1, `${x}::VARIANT`).replace(" AS x", " AS x, 'kept' AS note")));
    await withStore(source, (db, summary) => {
      expect(valuesOf(db, "note")).toEqual([[1, "kept"], [2, "kept"]]); // biome-ignore format: a list
      expect(said(summary.notes)).toMatchObject([{ kind: "skipped", message: expect.stringMatching(/"x".*VARIANT/) }]);
    });
    await withStore(source, (_, summary) => expect(said(summary.notes)).toEqual([]), { exclude: ["x"] });
  });

  it.skipIf(!python)("an Arrow type that cannot be read (Int128 of polars) leaves all others as they are", async () => {
    const source = folder("wide");
    place(source, "data", "0");
    run(
      `import sys, datetime as dt, polars as pl
frame = pl.DataFrame({"subject_id": [1], "time": [dt.datetime(2021, 3, 4)], "code": ["A"], "lasted": [dt.timedelta(milliseconds=5)]}).with_columns(
    pl.col("lasted").cast(pl.Duration("ms")), pl.struct(pl.lit(1).cast(pl.Int128).alias("wide"), pl.col("lasted").cast(pl.Duration("us")).alias("inner")).alias("both"))
frame.with_columns(pl.lit(2**100, pl.Int128).alias("wide")).write_parquet(sys.argv[1] + "/data/0.parquet")
frame.select("subject_id", "time", "code", "lasted").with_columns(pl.lit(2).cast(pl.Int64).alias("subject_id")).write_parquet(sys.argv[1] + "/data/1.parquet")`,
      source,
    );
    await withStore(source, (db, summary) => {
      expect(typeOf(db, "lasted")).toBe("duration[ms]");
      expect(typeOf(db, "both")).toMatch(/inner: duration\[us\]/);
      expect(valuesOf(db, "lasted")).toEqual([[1, 5000], [2, 5000]]); // biome-ignore format: a list
      expect(said(summary.notes)).toMatchObject([{ message: expect.stringMatching(/"both", "wide"/), count: 1 }]);
    });
  });
});

describe("codes that are numbers", () => {
  it("are named as tokenized data, with the next step", async () => {
    const source = await files("SELECT 1::BIGINT AS subject_id, NULL::TIMESTAMP AS time, 7::USMALLINT AS code");
    const error = await refused(source);
    expect(error).toMatchObject({
      code: "MEDS_COLUMN_TYPE",
      message: expect.stringMatching(/uint16: these are tokenized data.*stage before/),
    });
    expect(await inspect(source)).toMatchObject({ problemCode: "MEDS_COLUMN_TYPE" });
  });
});

describe("folders called COLUMN=VALUE", () => {
  const events = (subject: number) => `SELECT ${subject}::BIGINT AS subject_id, make_timestamp(${subject}) AS time, 'A' AS code`;
  const partitioned = async () => {
    const source = folder("folders");
    await write(source, "site=a%2Fb/year=2020/0.parquet", events(1));
    await write(source, "site=b/year=-7/0.parquet", events(2));
    await write(source, "site=__HIVE_DEFAULT_PARTITION__/0.parquet", events(3));
    await write(source, "0.parquet", `${events(5)} UNION ALL ${events(4)} UNION ALL ${events(5)}`);
    return source;
  };
  const right = new Map<number, unknown[]>([
    [1, ["a/b", 2020n]],
    [2, ["b", -7n]],
    [3, [null, null]],
    [4, [null, null]],
    [5, [null, null]],
  ]);
  const found = (db: PatientDatabase) =>
    new Map([...db].map((patient) => [Number(patient.subjectId), ["site", "year"].map((name) => [...patient][0]!.get(name))]));

  it("are columns that no file has: whole numbers or text, decoded, null where a file is in none; sorted, exported and inspected alike", async () => {
    const source = await partitioned();
    expect(await inspect(source)).toMatchObject({
      columns: expect.arrayContaining([{ name: "site", type: "utf8" }, { name: "year", type: "int64" }]), // biome-ignore format: a list
    });
    await withStore(
      source,
      (db, summary) => {
        expect(found(db)).toEqual(right);
        expect([typeOf(db, "site"), typeOf(db, "year")]).toEqual(["utf8", "int64"]);
        expect(said(summary.notes)[0]).toMatchObject({
          kind: "converted",
          message: expect.stringMatching(/"site" \(utf8\), "year" \(int64\)/),
          count: 3,
        });
      },
      { repair: true },
    );
    const at = folder("exported");
    await convert(source, join(at, "s"), { repair: true });
    const db = PatientDatabase.open(join(at, "s"));
    await db.export(join(at, "out"));
    db.close();
    await withStore(join(at, "out"), (db) => expect(found(db)).toEqual(right));
  });

  it("do not replace a file's own column, nor are folders above the source read", async () => {
    const above = folder("above");
    const source = join(above, "x=9");
    const path = await write(source, "x=8/code=B/subject_id=7/0.parquet", rows(1, "1::BIGINT"));
    await withStore(source, (db, summary) => {
      expect(valuesOf(db)).toEqual([[1, 1n]]);
      expect(said(summary.notes)).toMatchObject([{ kind: "skipped", message: expect.stringContaining('"code", "subject_id", "x"') }]);
    });
    await withStore(path, (db, summary) => {
      expect(valuesOf(db)).toEqual([[1, 1n]]);
      expect(said(summary.notes)).toEqual([]);
    });
  });

  it("may contain subjects and codes, and only values of MEDS's types", async () => {
    const source = folder("folders");
    const lacking = "SELECT NULL::TIMESTAMP AS time, 0.5::FLOAT AS numeric_value";
    await write(source, "subject_id=12/code=1%2F2/0.parquet", lacking);
    await write(source, "subject_id=-3/code=5/0.parquet", lacking);
    await withStore(source, (db) =>
      expect([...db].flatMap((patient) => [...patient].map((event) => [patient.subjectId, event.code])).sort()).toEqual(
        [[-3n, "5"], [12n, "1/2"]], // biome-ignore format: a list
      ),
    );
    await write(source, "subject_id=x/code=5/0.parquet", lacking);
    expect(await refused(source)).toMatchObject({
      code: "MEDS_COLUMN_TYPE",
      message: expect.stringMatching(/"subject_id".*names of folders/),
    });
    rmSync(join(source, "data/subject_id=x"), { recursive: true });
    await write(source, "subject_id=4/subject_id=5/code=5/0.parquet", lacking);
    expect(await refused(source)).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", message: expect.stringContaining('"subject_id"') });
  });

  it("can be left out by their name, or chosen", async () => {
    const source = await partitioned();
    rmSync(join(source, "data/0.parquet"));
    await withStore(source, (db) => expect(db.columns.map(({ name }) => name)).toEqual(["time", "code", "year"]), { exclude: ["site"] });
    await withStore(source, (db) => expect(db.columns.map(({ name }) => name)).toEqual(["time", "code", "site"]), { columns: ["site"] });
  });

  it.skipIf(!python)("as pyarrow and polars write them", async () => {
    for (const program of [
      `import sys, pyarrow as pa, pyarrow.dataset as ds
ds.write_dataset(pa.table({"subject_id": [1, 2], "time": pa.array([5, 6], pa.timestamp("us")), "code": ["A", "B"], "split": ["a b/c", "ä"]}), sys.argv[1] + "/data", format="parquet",
    partitioning=ds.partitioning(pa.schema([("split", pa.string())]), flavor="hive"))`,
      `import sys, polars as pl, datetime as dt
pl.DataFrame({"subject_id": [1, 2], "time": [dt.datetime(1970, 1, 1)] * 2, "code": ["A", "B"], "split": ["a b/c", "ä"]}).write_parquet(sys.argv[1] + "/data/", partition_by="split")`,
    ]) {
      const source = folder("partitioned");
      place(source, "data", "0");
      run(program, source);
      await withStore(
        source,
        (db) =>
        expect(new Map(valuesOf(db, "split") as [number, unknown][])).toEqual(new Map([[1, "a b/c"], [2, "ä"]])), // biome-ignore format: a list
      );
    }
  });
});
