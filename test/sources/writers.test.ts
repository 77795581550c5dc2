// One small table as the programs write it that people write Parquet with (`test/fixtures/writers.py` made the files), read back as DuckDB reads it.
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, type ParquetParsers, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { convert, Labels, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duck, hyparquetBytes, simple, simpleFile, writeFiles } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { refused } from "../support/refused.js";
import { withStore } from "../support/roundtrip.js";

const at = (name: string) => fileURLToPath(new URL(`../fixtures/writers/${name}.parquet`, import.meta.url));
const source = (name: string) => {
  const path = folder("written");
  cpSync(at(name), place(path, "data/0.parquet"));
  return path;
};

const INT96 = (name: string) => `${name} was of type INT96: stored as microseconds, finer digits cut off`;
const UTC = "time was in zone UTC: stored as UTC microseconds";

/** Each file, and what the conversion must say of it. */
const files: Record<string, string[]> = {
  "duckdb-json-tz": [UTC],
  "duckdb-v2": [],
  "fastparquet-utc": [UTC],
  "pandas-category-ns": [
    "patient_id was read as subject_id, its name since MEDS 0.3.2",
    "time was of type timestamp[ns]: stored as microseconds",
  ],
  "parquet-rs": [],
  "parquet-rs-v2": [],
  polars: [],
  "polars-int128-ms": ['columns whose Arrow type cannot be read have the type of Parquet instead: "whole"', UTC],
  "pyarrow-binary-code": ["code was of type binary: read as UTF-8"],
  "pyarrow-int96": [INT96("time"), INT96("end")],
  "pyarrow-v2-delta": [],
  "pyarrow-zoned-ns": ["time was in zone Europe/Paris: stored as UTC microseconds"],
  "spark-int96": [INT96("time"), INT96("end"), INT96("inner")],
  "spark-lz4": [],
  "spark-millis-v2": [UTC],
};

/** Rows as DuckDB reads them, in the file's order; as hyparquet does where DuckDB has no decoder (Hadoop's LZ4). */
async function read(path: string): Promise<unknown[][]> {
  if (path.includes("spark-lz4")) {
    const parsers = { timestampFromMicroseconds: (micros: bigint) => micros } as unknown as ParquetParsers;
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors, parsers });
    const names = ["subject_id", "time", "code", "numeric_value", "text_value", "end"];
    return rows.map((row) => names.map((name) => row[name] ?? null));
  }
  const sql = await duck();
  const described = await sql.runAndReadAll(`DESCRIBE SELECT * FROM '${path}'`);
  const names = new Set(described.getRows().map(([name]) => name));
  const id = names.has("patient_id") ? "patient_id" : "subject_id";
  const end = names.has("end") ? 'epoch_us("end")' : "NULL";
  const reader = await sql.runAndReadAll(
    `SELECT ${id}, epoch_us(time), ${path.includes("binary-code") ? "decode(code)" : "code"}::VARCHAR, numeric_value::DOUBLE, text_value::VARCHAR, ${end}
    FROM read_parquet('${path}', file_row_number = true) ORDER BY file_row_number`,
  );
  return reader.getRows();
}

/** Rows as the store has them. */
function stored(db: PatientDatabase): unknown[][] {
  const end = db.columns.find(({ name }) => name === "end");
  return [...db].flatMap((patient) =>
    [...patient].map((event) => [
      patient.subjectId,
      event.timeMicros,
      event.code,
      event.numericValue,
      event.get("text_value"),
      end === undefined || event.get("end") === null ? null : BigInt(event.get("end") as number | bigint),
    ]),
  );
}

describe("a file as written by", () => {
  for (const [name, notes] of Object.entries(files)) {
    it(name, async () => {
      const expected = await read(at(name));
      expect([expected.length, new Set(expected.map(([id]) => id)).size]).toEqual([64, 4]);
      await withStore(source(name), (db, summary) => {
        expect(stored(db)).toEqual(expected);
        const told = summary.notes.filter(({ kind }) => kind === "converted").map(({ message, count }) => [message, count]);
        expect(told).toEqual(notes.map((message) => [message, 1]));
      });
    });
  }

  it("all of them: every fixture is read by a test", () => {
    const known = [...Object.keys(files), "bad-code", "bad-code-dictionary", "labels", "meds-0.2"];
    expect(readdirSync(fileURLToPath(new URL("../fixtures/writers", import.meta.url))).sort()).toEqual(
      known.map((name) => `${name}.parquet`).sort(),
    );
  });
});

describe("INT96", () => {
  it("of a year beyond 2262 is that year, inside of other columns too", async () => {
    const sql = await duck();
    const found = await sql.runAndReadAll(
      `SELECT DISTINCT epoch_us("inner"."end") FROM '${at("spark-int96")}' WHERE "inner"."end" IS NOT NULL`,
    );
    const expected = new Set(found.getRows().flat());
    expect(expected.size).toBeGreaterThan(1);
    await withStore(source("spark-int96"), (db) => {
      const ends = [...db].flatMap((patient) => [...patient].map((event) => (event.get("inner") as { end: unknown }).end));
      expect(new Set(ends.filter((end) => end !== null).map((end) => BigInt(end as number | bigint)))).toEqual(expected);
    });
  });
});

describe("labels", () => {
  it("with INT96 and columns of nothing in LZ4 are read as DuckDB reads them", async () => {
    const reader = await (await duck()).runAndReadAll(
      `SELECT subject_id, epoch_us(prediction_time), boolean_value FROM read_parquet('${at("labels")}', file_row_number = true) ORDER BY file_row_number`,
    );
    const labels = await Labels.open(at("labels"));
    expect(labels.columns).toEqual(["boolean_value"]);
    expect([...labels].map((row) => [row.subjectId, row.predictionTime, row.booleanValue])).toEqual(reader.getRows());
  });
});

describe("bytes that are declared as text and are not text", () => {
  for (const name of ["bad-code", "bad-code-dictionary"])
    it(`are refused by name: ${name}`, async () => {
      const path = source(name);
      expect(await refused(path)).toMatchObject({
        code: "MEDS_VALUE_RANGE",
        path: join(path, "data/0.parquet"),
        message: expect.stringMatching(/"code".*non.UTF-8/),
      });
    });
});

describe("files that differ", () => {
  const INT96_NOTES = [INT96("time"), INT96("end"), INT96("inner")];

  it.each([
    [
      ["duckdb-v2", "pyarrow-zoned-ns", "spark-int96"],
      ["time was in zone Europe/Paris: stored as UTC microseconds", ...INT96_NOTES],
    ],
    [
      ["duckdb-v2", "spark-int96", "pandas-category-ns"],
      [
        "patient_id was read as subject_id, its name since MEDS 0.3.2",
        INT96("time"),
        "time was of type timestamp[ns]: stored as microseconds",
        INT96("end"),
        INT96("inner"),
      ],
    ],
  ])(
    "in the times' type, the subject's name and the numbers' width are one dataset, and each difference is told: %j",
    async (names, told) => {
      const path = folder("mixed");
      // They hold the same subjects, which repair merges.
      for (const [i, name] of names.entries()) cpSync(at(name), place(path, `data/${i}.parquet`));
      expect((await refused(path)).code).toBe("MEDS_NOT_CONTIGUOUS");
      const store = join(folder("target"), "s.medsdb");
      const { notes } = await convert(path, store, { repair: true });
      const expected = (await Promise.all(names.map((name) => read(at(name))))).flat();
      const db = PatientDatabase.open(store, { verify: true });
      const sorted = (rows: unknown[][]) => rows.map((row) => row.map(String).join(" ")).sort();
      expect(sorted(stored(db))).toEqual(sorted(expected));
      db.close();
      expect(notes.filter(({ kind }) => kind === "converted").map(({ message }) => message)).toEqual(told);
    },
  );

  it("in their writer alone are copies: pyarrow's and pandas' file of the same rows", async () => {
    const path = folder("copies");
    cpSync(at("pyarrow-zoned-ns"), place(path, "data/0.parquet"));
    cpSync(at("pandas-category-ns"), place(path, "data/1.parquet"));
    for (const options of [{}, { repair: true }]) expect((await refused(path, options)).code).toBe("MEDS_DUPLICATE_FILE");
  });

  it("in the unit of their times keep the microsecond; what nanoseconds lose is counted", async () => {
    const path = folder("units");
    const sql = await duck();
    const units = ["TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ", "DATE"];
    for (const [i, unit] of units.entries()) {
      const time =
        unit === "TIMESTAMP_NS" ? "make_timestamp_ns(1577836800000000001 + id)" : `make_timestamp(1577836800000000 + id)::${unit}`;
      const file = place(path, `data/${i}.parquet`);
      await sql.run(`COPY (SELECT ${i}::BIGINT subject_id, ${time} AS time, 'A' code
        FROM range(3) r(id)) TO '${file}' (FORMAT parquet)`);
    }
    const found = await sql.runAndReadAll(
      `${units.map((_, i) => `SELECT subject_id, epoch_us(time) t FROM '${path}/data/${i}.parquet'`).join(" UNION ALL ")} ORDER BY 1, 2`,
    );
    await withStore(path, (db, { notes }) => {
      expect([...db].flatMap((patient) => [...patient].map((event) => [patient.subjectId, event.timeMicros]))).toEqual(found.getRows());
      expect(notes).toContainEqual({
        kind: "converted",
        message: "times with nanoseconds: rounded down to microseconds",
        count: 3,
      });
      expect(notes).toContainEqual({ kind: "converted", message: "time was of type date32: stored as microseconds", count: 1 });
    });
  });

  it("of MEDS 0.3.0 have patient_id and patient_splits.parquet", async () => {
    const path = folder("older");
    const file = simpleFile("0.parquet", [
      [1n, 1n, "A"],
      [2n, 1n, "B"],
    ]);
    const older = file.columns.map((column) => (column.name === "subject_id" ? { ...column, name: "patient_id" } : column));
    await writeFiles(path, [{ ...file, columns: older.filter(({ name }) => name !== "numeric_value") }]);
    const columns = [
      { name: "patient_id", type: simple.id, values: [1n, 2n] },
      { name: "split", type: simple.text, values: ["train", "held_out"] },
    ];
    writeFileSync(place(path, "metadata/patient_splits.parquet"), hyparquetBytes({ name: "", columns }));
    await withStore(path, (db) => {
      expect([...db].map(({ subjectId, split }) => [subjectId, split])).toEqual([
        [1n, "train"],
        [2n, "held_out"],
      ]);
    });
  });
});

describe("a store", () => {
  it("is made from a single file", async () => {
    const store = join(folder("target"), "s.medsdb");
    await convert(at("spark-int96"), store);
    expect(await verify(store, at("spark-int96"))).toEqual({ ok: true, differences: [] });
    const db = PatientDatabase.open(store, { verify: true });
    expect(stored(db)).toEqual(await read(at("spark-int96")));
    db.close();
  });
});

describe("a folder that is not a MEDS dataset", () => {
  it("is an error that says what was looked for and what was found", async () => {
    const path = folder("other");
    const sentence = (found: string) =>
      expect.stringMatching(
        `: looked for MEDS \\(a folder "data" with Parquet files\\), OMOP CDM .*, a meds_reader database .*; found ${found}\\.$`,
      );
    expect(await refused(path)).toMatchObject({ code: "MEDS_NO_DATA", message: sentence("an empty folder") });
    for (const name of ["notes.txt", "a/b.csv", "c", "d", "e", "f", "g"]) writeFileSync(place(path, name), "");
    expect(await refused(path)).toMatchObject({ code: "MEDS_NO_DATA", message: sentence("a, c, d, e, f and 2 more") });
    writeFileSync(place(path, "data/events.csv"), "");
    expect(await refused(path)).toMatchObject({
      code: "MEDS_NO_DATA",
      message: expect.stringContaining("does not contain a *.parquet file (it contains events.csv). MEDS stores"),
    });
    expect(await rejected(convert(join(path, "notes.txt"), join(folder("target"), "s.medsdb")))).toMatchObject({
      code: "MEDS_NO_DATA",
      message: expect.stringContaining("found an empty file"),
    });
  });

  it("or is of MEDS before 0.3, is refused as such", async () => {
    expect(await refused(source("meds-0.2"))).toMatchObject({
      code: "MEDS_MISSING_COLUMN",
      message: expect.stringContaining("one row per patient with nested events, as in MEDS before 0.3"),
    });
  });
});
