// Datasets of unusual shape: one file for everything, as EHRSHOT's, and thousands of files.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, Labels, PatientDatabase, samples, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { duck, hyparquetBytes, simpleFile } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { duckFile, duckRows } from "../support/labels.js";
import { full } from "../support/property.js";

describe("EHRSHOT's shape", () => {
  it("one file whose row groups cut patients, and labels of all four kinds, three of them null", async () => {
    const source = folder("ehrshot");
    const hour = (number: string) => `make_timestamp(1577836800000000 + 3600000000 * (${number})::BIGINT)`;
    const sql = await duck();
    const file = place(source, "data/data.parquet");
    await sql.run(
      `COPY (SELECT (1 + id // 700)::BIGINT subject_id, CASE WHEN id % 700 > 0 THEN ${hour("id % 700")} END AS time,
        CASE WHEN id % 700 = 0 THEN 'MEDS_BIRTH' ELSE 'LOINC/' || (id * 7 % 97) END code,
        CASE WHEN id % 3 = 0 THEN id / 4 END::FLOAT numeric_value, CASE WHEN id % 9 = 0 THEN 'see note' END text_value,
        CASE WHEN id % 3 = 0 THEN 'mg' END unit, ['measurement', 'person'][1 + (id % 700 = 0)::INT] omop_table
      FROM range(7000) r(id) ORDER BY id) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
    );
    const [groups] = await duckRows(`SELECT count(DISTINCT row_group_id)::INT n FROM parquet_metadata('${file}')`);
    const tasks = {
      guo_los: ["boolean_value", "id % 2 = 0"],
      lab_anemia: ["integer_value", "id % 4"],
      chexpert: ["categorical_value", "id"],
    };
    const types = { boolean_value: "BOOLEAN", integer_value: "BIGINT", float_value: "DOUBLE", categorical_value: "VARCHAR" };
    for (const [task, [column, value]] of Object.entries(tasks)) {
      const values = Object.entries(types).map(([name, type]) => `(${name === column ? value : "NULL"})::${type} ${name}`);
      await duckFile(
        join(source, "labels", task, "labels.parquet"),
        `SELECT (1 + id % 10)::BIGINT subject_id, ${hour("id * 37 % 720")} - INTERVAL 1 MINUTE prediction_time, ${values.join(", ")} FROM range(50) r(id)`,
      );
    }
    const store = join(folder("target"), "s.medsdb");
    expect(await convert(source, store)).toMatchObject({ patients: 10, events: 7000, files: 1, columns: 6 });
    expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
    expect(groups!.n).toBeGreaterThan(1);

    const db = PatientDatabase.open(store);
    expect(await Labels.tasks(join(source, "labels"))).toEqual(Object.keys(tasks).sort());
    for (const [task, [column]] of Object.entries(tasks)) {
      const path = join(source, "labels", task);
      const labels = await Labels.open(path);
      expect(labels.columns).toEqual([column]);
      // What is known at each label's time, as DuckDB counts it.
      const known = await duckRows(
        `SELECT l.subject_id, epoch_us(prediction_time) t, ${column} AS label, count(*) AS known FROM '${path}/labels.parquet' l
        JOIN '${file}' d ON d.subject_id = l.subject_id AND (d.time IS NULL OR d.time <= prediction_time)
        GROUP BY ALL ORDER BY ALL`,
      );
      const found = [...labels].map((row) => {
        const before = BigInt(db.get(row.subjectId)!.until(row.predictionTime).length);
        return {
          subject_id: row.subjectId,
          t: row.predictionTime,
          label: row.booleanValue ?? row.integerValue ?? row.categoricalValue,
          known: before,
        };
      });
      const sorted = (rows: Record<string, unknown>[]) => rows.map((row) => Object.values(row).map(String).join(" ")).sort();
      expect(sorted(found)).toEqual(sorted(known));
      expect(samples(db, labels, { maxLength: 16 }).size).toBe(50);
    }
    db.close();
  });
});

describe("thousands of files", () => {
  it("are converted with few of them open, in the memory that one file takes", async () => {
    const FILES = full ? 3000 : 1000;
    const EACH = 40;
    const rows = (from: number, subjects: number) =>
      Array.from({ length: subjects * EACH }, (_, i) => {
        const row = from * EACH + i;
        return [BigInt(Math.floor(row / EACH)), row % EACH === 0 ? null : BigInt(row % EACH), `C${(row * 7) % 300}`, row % 1000] as const;
      });
    const [many, one] = [folder("many"), folder("one")];
    for (let file = 0; file < FILES; file += 1)
      writeFileSync(place(many, "data", `${file % 10}`, `${file}.parquet`), hyparquetBytes(simpleFile("", rows(file, 1))));
    const sql = await duck();
    mkdirSync(join(one, "data"));
    await sql.run(`COPY (SELECT * FROM '${many}/data/*/*.parquet') TO '${one}/data/0.parquet' (FORMAT parquet)`);

    const converted = async (source: string) => {
      const store = join(folder("target"), "s.medsdb");
      const end = await run("convert-child.mjs", [source, store, "{}"], { files: 128, timeout: 120_000 });
      expect([end.code, end.stderr]).toEqual([0, ""]);
      return { store, ...(JSON.parse(end.stdout.trim().split("\n").at(-1)!) as { events: number; peak: number }) };
    };
    const [a, b] = [await converted(many), await converted(one)];
    expect([a.events, b.events]).toEqual([FILES * EACH, FILES * EACH]);
    // Footers stay in memory: some ten kilobytes a file.
    expect(a.peak - b.peak).toBeLessThan(FILES * 20_000);
    const [x, y] = [PatientDatabase.open(a.store), PatientDatabase.open(b.store)];
    const [sum] = await duckRows(`SELECT count(DISTINCT code)::INT codes FROM '${one}/data/0.parquet'`);
    expect([x.size, y.size, x.codes.size, y.codes.size]).toEqual([FILES, FILES, sum!.codes, sum!.codes]);
    for (const patient of x) {
      const other = y.get(patient.subjectId)!;
      expect([...patient.codeIds]).toEqual([...other.codeIds]);
      expect([...patient.numericValues]).toEqual([...other.numericValues]);
      expect([...patient.times]).toEqual([...other.times]);
    }
    x.close();
    y.close();
  }, 180_000);
});
