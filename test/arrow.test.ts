// toArrow(): tables of apache-arrow over the mapping, equal to what the reader gives for every type.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { List, Struct, Table } from "apache-arrow";
import { convert, PatientDatabase, type Timeline } from "meds-reader";
import { describe, expect, it } from "vitest";
import { columnOf } from "./support/arrow.js";
import { same } from "./support/compare.js";
import { writeFiles } from "./support/dataset.js";
import { folder } from "./support/folder.js";
import { generated } from "./support/generated.js";
import { forAll, runs } from "./support/property.js";
import { dataset } from "./support/random.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Compares a timeline's table with its reads. */
async function check(db: PatientDatabase, timeline: Timeline, at: string): Promise<void> {
  const table = await timeline.toArrow<Table>();
  same(table.numRows, timeline.length, () => `${at} rows`);
  same(
    table.schema.fields.map(({ name }) => name),
    db.columns.map(({ name }) => name),
    () => `${at} names`,
  );
  for (const { name } of db.columns) {
    const found = columnOf(table, name);
    const expected =
      name === "time"
        ? [...timeline].map(({ timeMicros }) => (timeMicros === null ? null : Number(timeMicros)))
        : [...timeline.column(name)];
    same(found, expected, () => `${at} column ${name}`);
  }
}

describe("timeline.toArrow()", () => {
  it("equals the reader for every type, in whole timelines, windows, and rows chosen by code", async () => {
    await forAll(dataset, Math.ceil(runs / 4), 7, async (data) => {
      const source = folder("arrow");
      await writeFiles(source, data.files);
      await convert(source, join(source, "out.medsdb"), { shardBytes: data.shardBytes });
      const db = PatientDatabase.open(join(source, "out.medsdb"));
      for (const patient of db) {
        const at = `subject ${patient.subjectId}`;
        await check(db, patient, at);
        await check(db, patient.slice(1, -1), `${at} slice`);
        const middle = patient.at((patient.length + patient.staticCount) >> 1)?.timeMicros;
        if (middle != null) await check(db, patient.from(middle), `${at} from`);
        await check(db, patient.withCode(patient.codeAt(0), patient.codeAt(patient.length >> 1)), `${at} withCode`);
      }
      db.close();
    });
  }, 300_000);

  it("copies no dense column: the vectors lie in the shard's own buffer", async () => {
    const db = PatientDatabase.open(generated.store);
    const patient = db.at(-1)!;
    const { times, codeIds, numericValues } = patient.until(patient.lastTime!).last(100);
    const table = await patient.until(patient.lastTime!).last(100).toArrow<Table>();
    const views = { time: times, code: codeIds, numeric_value: numericValues };
    for (const [name, view] of Object.entries(views)) {
      const [data] = table.getChild(name)!.data;
      expect(data!.values.buffer === view.buffer, name).toBe(true);
      expect([data!.values.byteOffset, data!.values.length], name).toEqual([view.byteOffset, view.length]);
    }
    const code = table.getChild("code")!;
    expect([...code]).toEqual(Array.from(codeIds, (id) => db.codes.strings[id]));
    // Static rows before a gap: two batches, both views.
    const late = patient.from(patient.lastTime!);
    expect(late.staticCount).toBeGreaterThan(0);
    const parts = (await late.toArrow<Table>()).getChild("code")!.data;
    expect(parts.map(({ length, values }) => [length, values.buffer === times.buffer])).toEqual([
      [late.staticCount, true],
      [late.length - late.staticCount, true],
    ]);
    db.close();
    expect(code.data[0]!.values.length).toBe(0);
  });
});

describe("db.toArrow()", () => {
  it("is a batch a shard over the mapping", async () => {
    const db = PatientDatabase.open(generated.store);
    const table = await db.toArrow<Table<{ events: List<Struct> }>>();
    expect(table.batches.length).toBe(db.shardCount);
    expect(db.shardCount).toBeGreaterThan(1);
    expect([...(table as Table).getChild("subject_id")!]).toEqual([...db.subjectIds]);
    let slot = 0;
    for (const batch of table.batches) {
      const events = batch.getChild("events")!.data[0]!;
      const [time, code] = events.children[0]!.children;
      const { times } = db.at(slot)!;
      expect(time!.values.buffer === times.buffer && time!.values.byteOffset === times.byteOffset).toBe(true);
      expect(code!.values.buffer === times.buffer).toBe(true);
      slot += batch.numRows;
    }
    expect(slot).toBe(db.size);
    db.close();
    await expect(db.toArrow()).rejects.toMatchObject({ code: "MEDS_CLOSED" });
  });

  it("says what to install where apache-arrow is missing", () => {
    const place = folder("bare");
    for (const name of ["dist", "native", "package.json"]) cpSync(join(root, name), join(place, name), { recursive: true });
    mkdirSync(join(place, "node_modules"));
    const script = `import { PatientDatabase } from ${JSON.stringify(join(place, "dist", "index.js"))};
      await PatientDatabase.open(${JSON.stringify(generated.store)}).toArrow().catch((error) => console.log(error.code, error.message));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: place, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^MEDS_MISSING_PACKAGE .*npm install apache-arrow/);
  });
});
