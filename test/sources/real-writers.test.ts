// Two files by one program, as it writes them by itself: one with values, and one in which columns have none. What a program calls a column without
// values differs (Arrow Null, INT32, unannotated bytes): it must not change what the other file has.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { writersPython } from "../support/python.js";

const COLUMNS = "import datetime\ntime = datetime.datetime(2021, 3, 4)\n";
const FRAMES = `
full = {"subject_id": [1], "time": [time], "code": ["A"], "numeric_value": [1.5], "note": ["x"], "flag": [True]}
bare = {"subject_id": [2], "time": [time], "code": ["B"], "numeric_value": [None], "note": [None], "flag": [None]}
`;

/** Python that writes data/0.parquet (`full`) and data/1.parquet (`bare`). */
const WRITERS: Record<string, string> = {
  pandas: `${FRAMES}
import pandas
for i, columns in enumerate((full, bare)): pandas.DataFrame(columns).to_parquet(f"data/{i}.parquet")`,
  polars: `${FRAMES}
import polars
for i, columns in enumerate((full, bare)): polars.DataFrame(columns).write_parquet(f"data/{i}.parquet")`,
  fastparquet: `${FRAMES}
import fastparquet, pandas
for i, columns in enumerate((full, bare)): fastparquet.write(f"data/{i}.parquet", pandas.DataFrame(columns))`,
  DuckDB: `
import duckdb
row = "{} AS subject_id, TIMESTAMP '2021-03-04' AS time, '{}' AS code, {} AS numeric_value, {} AS note, {} AS flag"
for i, values in enumerate(((1, "A", "1.5::FLOAT", "'x'", "true"), (2, "B", "NULL", "NULL", "NULL"))):
    duckdb.sql("COPY (SELECT " + row.format(*values) + f") TO 'data/{i}.parquet'")`,
  "ClickHouse, text as an Enum": `
import chdb
row = "toInt64({}) AS subject_id, toDateTime64('2021-03-04 00:00:00', 6, 'UTC') AS time, '{}' AS code, {} AS numeric_value, {} AS note, {} AS flag"
none = ["CAST(NULL, 'Nullable(Int32)')"] * 3
for i, values in enumerate(((1, "A", "toFloat32(1.5)", "CAST('x', 'Enum8(\\\\'x\\\\' = 1)')", "true"), (2, "B", *none))):
    chdb.query("SELECT " + row.format(*values) + f" INTO OUTFILE 'data/{i}.parquet' FORMAT Parquet")`,
};

describe("columns without a value", () => {
  it.skipIf(writersPython === null).each(Object.keys(WRITERS))("take the type of the file that has values: %s", async (name) => {
    const source = folder("writer");
    const script = `import os\nos.mkdir("data")\n${COLUMNS}${WRITERS[name]}`;
    const { status, stderr } = spawnSync(writersPython!, ["-c", script], { cwd: source, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const store = join(folder("store"), "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    const rows = [...db].flatMap((patient) =>
      [...patient].map((event) => [
        Number(patient.subjectId),
        event.date?.toISOString(),
        event.code,
        event.numericValue,
        event.get("note"),
        event.get("flag"),
      ]),
    );
    db.close();
    expect(rows).toEqual([
      [1, "2021-03-04T00:00:00.000Z", "A", 1.5, "x", true],
      [2, "2021-03-04T00:00:00.000Z", "B", null, null, null],
    ]);
    expect(await verify(store, source)).toMatchObject({ ok: true });
  });
});
