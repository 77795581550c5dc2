// The ends of every range: ids, times, codes, texts and sizes, each against what was written.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConvertOptions, convert, MedsError, PatientDatabase, type Summary, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "./support/compare.js";
import {
  type FileColumn,
  hyparquetBytes,
  type SimpleRow,
  simple,
  simpleFile,
  type TableFile,
  writeFiles,
  writeSimple,
} from "./support/dataset.js";
import { codeOf, thrown } from "./support/errors.js";
import { checkStore, type ExpectedPatient, type ExpectedRow, storageOrder } from "./support/expect.js";
import { changed, contents, folder } from "./support/folder.js";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const DAY = 86_400_000_000n;
const at = (text: string) => BigInt(Date.parse(text)) * 1000n;

/** Converts a source, checks it by verify, and hands the open store to `look`. */
async function withStore(
  source: string,
  look: (db: PatientDatabase, summary: Summary) => unknown,
  options: ConvertOptions = {},
): Promise<void> {
  const store = join(folder("store"), "s.medsdb");
  const summary = await convert(source, store, options);
  expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
  const db = PatientDatabase.open(store, { verify: true });
  await look(db, summary);
  db.close();
}

/** What the store of hand-made rows must hold, in order of first appearance. */
function expectedOf(rows: readonly SimpleRow[], more: readonly FileColumn[] = []): ExpectedPatient[] {
  const patients = new Map<bigint, ExpectedRow[]>();
  rows.forEach(([id, time, code, value], i) => {
    const extra = Object.fromEntries(more.map((column) => [column.name, column.values[i]]));
    patients.set(id, [...(patients.get(id) ?? []), { time, code: code!, numeric_value: value ?? null, ...extra }]);
  });
  return [...patients].map(([id, own]) => ({ id, split: null, rows: storageOrder(own) }));
}

/** Writes rows, converts, compares through every access path. */
async function roundTrip(rows: readonly SimpleRow[], more: readonly FileColumn[] = [], extra: Partial<TableFile> = {}): Promise<void> {
  const source = await writeSimple(folder("edge"), rows, extra, more);
  await withStore(source, (db) => checkStore(db, expectedOf(rows, more)));
}

describe("ids", () => {
  const ids = [5n, 0n, -1n, MIN, MAX, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 32n, 2n ** 31n, -(2n ** 31n), 4294967295n];
  const rows = ids.map((id, i): SimpleRow => [id, BigInt(i) * DAY, `C${i}`, i]);

  it("of any int64 are found, as bigint and, where exact, as number", async () => {
    await roundTrip(rows);
    await withStore(await writeSimple(folder("ids"), rows), (db) => {
      ids.forEach((id, i) => {
        expect(db.get(id)?.at(0)?.code).toBe(`C${i}`);
        if (Number.isSafeInteger(Number(id))) expect(db.get(Number(id))?.at(0)?.code).toBe(`C${i}`);
      });
      expect(db.get(-0)?.subjectId).toBe(0n);
      for (const absent of [1n, 6n, -2n, MIN + 1n, MAX - 1n, 2n ** 53n + 2n, 1n << 80n, -(1n << 63n) - 1n, 2n ** 64n, 2n ** 64n + 5n]) {
        expect(db.get(absent)).toBeUndefined();
        expect(db.has(absent)).toBe(false);
      }
    });
  });

  it("as a number that is not exact are refused, not rounded", async () => {
    await withStore(await writeSimple(folder("ids"), rows), (db) => {
      for (const bad of [2 ** 53, -(2 ** 53), 2 ** 63, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(
          codeOf(() => db.get(bad)),
          String(bad),
        ).toBe("MEDS_UNSAFE_NUMBER");
        expect(
          codeOf(() => db.has(bad)),
          String(bad),
        ).toBe("MEDS_UNSAFE_NUMBER");
      }
      for (const bad of ["5", null, undefined, {}])
        expect(
          codeOf(() => db.get(bad as never)),
          String(bad),
        ).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => db.subset([5n, 77n]))).toBe("MEDS_UNKNOWN_SUBJECT");
      expect([...db.subset([-1n, 5]).subjectIds]).toEqual([5n, -1n]);
    });
  });
});

describe("times", () => {
  it("from 1600 to 2212, to the microsecond before 1970, all static, and with null times last", async () => {
    const moments = [
      at("1600-02-29T00:00:00Z") + 1n,
      at("1685-01-01T00:00:00Z"),
      -1n,
      0n,
      1n,
      at("2212-12-31T23:59:59Z") + 999_999n,
      at("2254-01-01T00:00:00Z"),
    ];
    const rows: SimpleRow[] = [
      ...moments.map((time): SimpleRow => [1n, time, "T", 1]),
      [2n, null, "S1"],
      [2n, null, "S2", 2],
      [3n, 0n, "T"],
      [3n, DAY, "T"],
      [3n, null, "LAST"],
      [4n, -1n, "SAME"],
      [4n, -1n, "SAME TIME, LATER ROW"],
    ];
    await roundTrip(rows);
    await withStore(await writeSimple(folder("times"), rows), (db) => {
      const [first, second] = [...db.get(1)!];
      expect(thrown(() => first!.time)).toMatchObject({ code: "MEDS_TIME_RANGE" });
      expect(first!.timeMicros).toBe(moments[0]);
      expect(first!.date?.toISOString()).toBe("1600-02-29T00:00:00.000Z");
      expect(second!.time).toBe(Number(moments[1]));
      expect(codeOf(() => db.get(1)!.timeAt(0))).toBe("MEDS_TIME_RANGE");
      expect(codeOf(() => db.get(1)!.forEach(() => {}))).toBe("MEDS_TIME_RANGE");
      expect(db.get(1)!.at(2)!.date?.toISOString()).toBe("1969-12-31T23:59:59.999Z");
      expect([db.get(2)!.firstTime, db.get(2)!.lastTime, db.get(2)!.staticCount]).toEqual([null, null, 2]);
      expect([...db.get(3)!].map(({ code }) => code)).toEqual(["LAST", "T", "T"]);
      expect(db.get(1)!.until(moments[0]! - 1n).length).toBe(0);
      expect(db.get(1)!.until(moments[0]!).length).toBe(1);
      expect(db.get(1)!.until(new Date("1600-03-01")).length).toBe(1);
      expect(db.get(1)!.between(-1, 0).length).toBe(2);
    });
  });

  it("at both ends of int64 are times, not static rows", async () => {
    await roundTrip([
      [1n, null, "STATIC"],
      [1n, MIN, "FIRST"],
      [1n, MIN + 1n, "SECOND"],
      [1n, MAX, "LAST"],
      [2n, MIN, "ONLY"],
    ]);
  });

  it("as bounds that are not exact are refused", async () => {
    await withStore(await writeSimple(folder("bounds"), [[1n, at("2020-01-01"), "A"]]), (db) => {
      const patient = db.get(1)!;
      for (const bad of [0.5, 2 ** 53, Number.NaN])
        expect(
          codeOf(() => patient.until(bad)),
          String(bad),
        ).toBe("MEDS_UNSAFE_NUMBER");
      expect(codeOf(() => patient.until(new Date(Number.NaN)))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => patient.until("2020" as never))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => patient.between(2, 1))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => patient.until(2n ** 63n))).toBe("MEDS_INVALID_ARGUMENT");
      for (const bad of [-1, 1.5, Number.NaN])
        expect(
          codeOf(() => patient.last(bad)),
          String(bad),
        ).toBe("MEDS_INVALID_ARGUMENT");
      for (const bad of [1, -2, 0.5])
        expect(
          codeOf(() => patient.column("code").at(bad)),
          String(bad),
        ).toBe("MEDS_OUT_OF_RANGE");
    });
  });
});

describe("codes and texts", () => {
  it("keep every character, and prefixes follow UTF-8 bytes beyond the BMP", async () => {
    const codes = [
      "LAB//1,2//x",
      "a,b",
      "👩‍⚕️",
      "a\0b",
      "a",
      "\0",
      "\0\0",
      "\uffff",
      "\u{10000}",
      "\u{10ffff}",
      "é",
      "e\u0301",
      " ",
      "\n",
      "LAB//",
      "LAB/",
      '"',
      "constructor",
      "__proto__",
    ];
    const third = Math.ceil(codes.length / 3);
    await roundTrip(codes.map((code, i): SimpleRow => [BigInt(Math.floor(i / third)), BigInt(i), code, i]));
    await withStore(
      await writeSimple(
        folder("codes"),
        codes.map((code, i): SimpleRow => [1n, BigInt(i), code]),
      ),
      (db) => {
        // UTF-16 would put the surrogates of U+10000 before U+FFFF.
        expect(db.codes.id("\uffff")!).toBeLessThan(db.codes.id("\u{10000}")!);
        expect([...db.codes.withPrefix("LAB//")].map((id) => db.codes.strings[id])).toEqual(["LAB//", "LAB//1,2//x"]);
        expect(db.codes.withPrefix("zzz").length).toBe(0);
        expect(db.codes.withPrefix("").length).toBe(codes.length);
        expect(db.codes.id("absent")).toBeUndefined();
        expect(db.codes.id("\ud800")).toBeUndefined();
      },
    );
  });

  it('the empty code is a code, and "" is not null', async () => {
    const text = [null, "", "x", "", null, "null"];
    const rows = text.map((_, i): SimpleRow => [1n, BigInt(i), i % 2 ? "" : "A"]);
    await roundTrip(rows, [
      { name: "text_value", type: simple.text, values: text },
      { name: "sparse_text", type: simple.text, values: ["", null, null, null, null, null] },
      { name: "get", type: simple.text, values: text },
      { name: "__proto__x", type: simple.text, values: text },
    ]);
  });

  it("columns may have any name", async () => {
    const names = ["constructor", "a b", "ü", "code//x", "toString", "time2", "0", "a.b", "'", '"'];
    const rows = [0, 1, 2].map((i): SimpleRow => [1n, BigInt(i), "A"]);
    await roundTrip(
      rows,
      names.map((name) => ({ name, type: simple.text, values: [name, null, ""] })),
    );
  });

  it("a note of 5 MB comes back whole", async () => {
    const note = "Patient, 54 ans, fébrile 🤒.\n".repeat(180_000);
    expect(Buffer.byteLength(note)).toBeGreaterThan(5_000_000);
    const rows: SimpleRow[] = [
      [1n, 0n, "NOTE"],
      [1n, 1n, "A"],
      [2n, 0n, "NOTE"],
    ];
    const notes = { name: "text_value", type: simple.text, values: [note, null, `${note}2`] };
    await withStore(await writeSimple(folder("note"), rows, {}, [notes]), (db) => {
      same(db.get(1)!.at(0)!.get("text_value"), note, () => "the note");
      same(db.get(2)!.column("text_value").at(0), `${note}2`, () => "the second note");
      same(db.get(1)!.at(1)!.get("text_value"), null, () => "no note");
    });
  });
});

describe("values", () => {
  it("NaN, infinities, -0, null and denormals are told apart", async () => {
    const values = [
      Number.NaN,
      null,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
      0,
      2 ** -149,
      -(2 ** -149),
      3.4028234663852886e38,
    ];
    await roundTrip(
      values.map((value, i) => [1n, BigInt(i), "V", value]),
      [
        {
          name: "double",
          type: simple.double,
          values: [5e-324, Number.NaN, null, -0, 0.1, Number.MAX_VALUE, 2 ** 53, null, Number.NEGATIVE_INFINITY],
        },
      ],
    );
  });

  it("a numeric_value of float64 stays float64, and a missing one is null", async () => {
    const source = folder("values");
    const { columns } = simpleFile("", [[1n, 0n, "A"]]);
    const wide = columns.map((column) => (column.name === "numeric_value" ? { ...column, type: simple.double, values: [0.1] } : column));
    await writeFiles(source, [
      { name: "a.parquet", columns: wide },
      { name: "b.parquet", columns: simpleFile("", [[2n, 0n, "B"]]).columns.slice(0, 3) },
    ]);
    await withStore(source, (db) => {
      expect([...db].map((patient) => patient.at(0)!.numericValue)).toEqual([0.1, null]);
      expect(db.get(1)!.numericValues).toBeInstanceOf(Float64Array);
    });
  });

  it("a dataset without numeric_value reads NaN and null", async () => {
    const source = folder("values");
    await writeFiles(source, [{ name: "a.parquet", columns: simpleFile("", [[1n, 0n, "A"]]).columns.slice(0, 3) }]);
    await withStore(source, (db) => {
      expect(db.get(1)!.numericValues).toEqual(new Float32Array([Number.NaN]));
      expect(db.get(1)!.at(0)!.numericValue).toBeNull();
      expect(db.columns.map(({ name }) => name)).toEqual(["time", "code"]);
    });
  });

  it("columns without a place in a store are skipped and named", async () => {
    const source = folder("interval");
    const interval = { writer: "duckdb", type: "INTERVAL", encode: (raw: unknown) => raw } as const;
    const like = (type: string) => ({ writer: "duckdb", type, encode: (raw: unknown) => raw }) as const;
    await writeFiles(source, [
      {
        name: "0.parquet",
        columns: [
          { name: "subject_id", type: like("BIGINT"), values: [1n] },
          { name: "time", type: like("TIMESTAMP"), values: [null] },
          { name: "code", type: like("VARCHAR"), values: ["A"] },
          { name: "span", type: interval, values: [null] },
        ],
      },
    ]);
    await withStore(source, (db, { notes }) => {
      expect(db.columns.map(({ name }) => name)).toEqual(["time", "code"]);
      expect(notes.find(({ kind }) => kind === "skipped")?.message).toContain("span");
      expect(codeOf(() => db.get(1)!.at(0)!.get("span"))).toBe("MEDS_UNKNOWN_COLUMN");
    });
  });

  it("--columns and --exclude choose, and unknown names are errors", async () => {
    const more = ["a", "b", "c"].map((name) => ({ name, type: simple.int, values: [1] }));
    const source = await writeSimple(folder("choice"), [[1n, 0n, "A", 1]], {}, more);
    const names = (options: ConvertOptions) => {
      const store = join(folder("choice"), "s.medsdb");
      return convert(source, store, options).then(() => {
        const db = PatientDatabase.open(store);
        const found = db.columns.map(({ name }) => name);
        db.close();
        return found;
      });
    };
    expect(await names({ columns: ["b", "numeric_value"] })).toEqual(["time", "code", "numeric_value", "b"]);
    expect(await names({ exclude: ["a", "numeric_value"] })).toEqual(["time", "code", "b", "c"]);
    expect(await names({ columns: ["nope"] }).catch((error: MedsError) => error.code)).toBe("MEDS_MISSING_COLUMN");
    expect(await names({ exclude: ["code"] }).catch((error: MedsError) => error.code)).toBe("MEDS_INVALID_ARGUMENT");
  });
});

/** A file without rows, by DuckDB: hyparquet-writer's is not read by every program. */
function withoutRows(name: string): TableFile {
  const column = (title: string, type: string): FileColumn => ({
    name: title,
    type: { writer: "duckdb", type, encode: (raw) => raw },
    values: [],
  });
  return {
    name,
    columns: [column("subject_id", "BIGINT"), column("time", "TIMESTAMP"), column("code", "VARCHAR"), column("numeric_value", "FLOAT")],
  };
}

describe("sizes", () => {
  it("a patient of one row and one of 250,000 rows", async () => {
    const count = 250_000;
    const rows: SimpleRow[] = [[7n, 5n, "ONE", 1]];
    for (let i = 0; i < count; i += 1) rows.push([8n, i < 3 ? null : BigInt(i) * 1_000_000n, `C${i % 977}`, i % 5 ? i : null]);
    const sparse = { name: "sparse", type: simple.int, values: rows.map((_, i) => (i % 100 === 0 ? i : null)) };
    await withStore(await writeSimple(folder("long"), rows, { rowGroup: 20_000 }, [sparse]), (db) => {
      expect([...db].map(({ length }) => length)).toEqual([1, count]);
      const patient = db.get(8)!;
      const handle = patient.column("sparse");
      let i = 0;
      for (const event of patient) {
        const [, time, code, value] = rows[i + 1]!;
        same(event.timeMicros, time, () => `time ${i}`);
        same(event.code, code, () => `code ${i}`);
        same(event.numericValue, value, () => `value ${i}`);
        same(handle.at(i), sparse.values[i + 1], () => `sparse ${i}`);
        i += 1;
      }
      expect(i).toBe(count);
      expect(patient.until(100_000_000_000).length).toBe(100_001);
      expect(patient.until(100_000_000_000).last(2).first(1).at(0)!.time).toBe(99_999_000_000);
      expect(patient.last(1).column("sparse").at(0)).toBe(sparse.values[count]);
    });
  });

  it("300 row groups, with patients across them", async () => {
    const rows = Array.from({ length: 3000 }, (_, i): SimpleRow => [BigInt(Math.floor(i / 70)), BigInt(i), `C${i % 11}`, i]);
    await roundTrip(rows, [], { rowGroup: 10 });
  });

  it("10,000 codes", async () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, i): SimpleRow => [BigInt(Math.floor(i / 4000)), BigInt(i), `CODE//${i % 10_000}`, null],
    );
    await withStore(await writeSimple(folder("codes"), rows), (db) => {
      expect(db.codes.size).toBe(10_000);
      let i = 0;
      for (const patient of db) for (const { code } of patient) same(code, rows[i++]![2], () => `code ${i}`);
      expect(i).toBe(rows.length);
      expect(db.codes.withPrefix("CODE//77").length).toBe(111);
    });
  });

  it("2,000 files, some of them without rows", async () => {
    const source = folder("files");
    mkdirSync(join(source, "data"));
    await writeFiles(source, [withoutRows("none.parquet")]);
    const none = join(source, "data", "none.parquet");
    const expected: bigint[] = [];
    for (let i = 0; i < 1999; i += 1) {
      const path = join(source, "data", `${String(i).padStart(4, "0")}.parquet`);
      if (i % 10 === 9) {
        copyFileSync(none, path);
        continue;
      }
      expected.push(BigInt(-i));
      writeFileSync(path, hyparquetBytes(simpleFile("", [[BigInt(-i), BigInt(i), `C${i}`, i]])));
    }
    await withStore(source, (db) => {
      expect([...db.subjectIds]).toEqual(expected);
      expect([...db].map((patient) => patient.at(0)!.code)).toEqual(expected.map((id) => `C${-id}`));
    });
  });

  it("a dataset whose every file is without rows is an empty store", async () => {
    const source = folder("empty");
    await writeFiles(source, [withoutRows("a.parquet"), withoutRows("b/c.parquet")]);
    await withStore(source, (db) => {
      expect([db.size, db.eventCount, db.codes.size, [...db].length]).toEqual([0, 0, 0, 0]);
      expect(db.get(1)).toBeUndefined();
      expect(db.at(0)).toBeUndefined();
    });
  });
});

describe("the same source and options", () => {
  it("give the same bytes with 1, 2 and 5 threads, wherever they stand", async () => {
    const rows = Array.from(
      { length: 5000 },
      (_, i): SimpleRow => [BigInt(Math.floor(i / 90)), i % 90 < 2 ? null : BigInt(i), `C${(i * i) % 301}`, i % 3 ? i : null],
    );
    const more = [{ name: "text", type: simple.text, values: rows.map((_, i) => (i % 4 ? null : `t${i % 50}`)) }];
    const stores: Map<string, Buffer>[] = [];
    for (const threads of [1, 2, 5]) {
      const source = await writeSimple(folder(`threads${threads}`), rows, { rowGroup: 100 }, more);
      const store = join(folder("threads"), "s.medsdb");
      await convert(source, store, { threads, shardBytes: 20_000 });
      stores.push(contents(store));
    }
    expect(stores[0]!.size).toBeGreaterThan(6);
    for (const other of stores.slice(1)) expect(changed(other, stores[0]!)).toEqual([]);
  });
});

describe("an error", () => {
  it("is a MedsError with a path", () => {
    const error = thrown(() => PatientDatabase.open("no/such/store"));
    expect(error).toBeInstanceOf(MedsError);
    expect(error).toMatchObject({ code: "MEDS_NOT_FOUND", path: expect.stringContaining("no/such/store") });
  });
});
