// Real data, converted and compared value by value with an independent Parquet reader. Skipped, and said so, where the data are absent.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "./support/compare.js";
import { hyparquetBytes, simple, writeJson } from "./support/dataset.js";
import { checkStore, checkTimeline, type ExpectedPatient, type ExpectedRow, storageOrder } from "./support/expect.js";
import { folder, place } from "./support/folder.js";
import { real } from "./support/real.js";
import { one, type SourcePatient, sourcePatients, sourceSplits } from "./support/source.js";

const mimic = real("mimic-iv-demo-meds-0.0.1");
const small = real("small-meds");

/** Converts a source and opens the store. */
async function opened(source: string): Promise<PatientDatabase> {
  const store = join(folder("real"), "out.medsdb");
  await convert(source, store);
  expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
  return PatientDatabase.open(store, { verify: true });
}

const rowsOf = (patient: SourcePatient, from = 0, to = patient.columns.get("code")!.length): ExpectedRow[] =>
  Array.from(
    { length: to - from },
    (_, i) => Object.fromEntries([...patient.columns].map(([name, values]) => [name, values[from + i]])) as unknown as ExpectedRow,
  );

/** Every access path over a whole source: for sets of some thousand rows. */
async function checkWhole(source: string, splits: ReadonlyMap<bigint, string>): Promise<PatientDatabase> {
  const db = await opened(source);
  const expected: ExpectedPatient[] = [];
  for await (const patient of sourcePatients(source)) {
    expected.push({ id: patient.id, split: splits.get(patient.id) ?? null, rows: storageOrder(rowsOf(patient)) });
  }
  checkStore(db, expected);
  return db;
}

describe.skipIf(mimic === null)("the MIMIC-IV demo", () => {
  it("holds the published counts", async () => {
    const db = await opened(mimic!);
    expect([db.size, db.eventCount, db.codes.size, db.columns.length]).toEqual([100, 916_166, 7_035, 24]);
    expect(Object.fromEntries(db.splits)).toEqual({ train: 80, tuning: 10, held_out: 10 });
    expect(Object.fromEntries([...db.splits.keys()].map((name) => [name, db.split(name).eventCount]))).toEqual({
      train: 803_992,
      tuning: 69_620,
      held_out: 42_554,
    });
    const found = { times: 0, numeric: 0, texts: 0, sum: 0, groups: 0, first: Number.POSITIVE_INFINITY, last: 0, longest: 0 };
    for (const patient of db) {
      const text = patient.column("text_value");
      let before = Number.NaN;
      found.longest = Math.max(found.longest, patient.length);
      patient.forEach((time, _, value, i) => {
        if (!Number.isNaN(time)) {
          found.times += 1;
          found.first = Math.min(found.first, time);
          found.last = Math.max(found.last, time);
          if (time !== before) found.groups += 1;
          before = time;
        }
        if (!Number.isNaN(value)) {
          found.numeric += 1;
          found.sum += value;
        }
        if (text.at(i) !== null) found.texts += 1;
      });
    }
    expect(found).toMatchObject({ times: 916_066, numeric: 405_236, texts: 481_928, longest: 51_975, groups: 83_319 });
    expect(found.sum).toBeCloseTo(32_655_551.4453, 3);
    expect([new Date(found.first / 1000).toISOString().slice(0, 10), new Date(found.last / 1000).toISOString().slice(0, 10)]).toEqual([
      "2030-01-01",
      "2202-12-17",
    ]);
    db.close();
  });

  it("reads back equal to DuckDB in all 25 columns", async () => {
    const db = await opened(mimic!);
    let slot = 0;
    let values = 0;
    for await (const patient of sourcePatients(mimic!)) {
      const at = `subject ${patient.id}`;
      const found = db.at(slot)!;
      slot += 1;
      same(found.subjectId, patient.id, () => `slot ${slot - 1}`);
      same(db.get(patient.id)?.slot, found.slot, () => at);
      const times = patient.columns.get("time") as (bigint | null)[];
      const order = storageOrder(times.map((time, row) => ({ time, row }))).map(({ row }) => row);
      same(found.length, order.length, () => `${at} length`);
      const { times: stored } = found;
      for (const [name, source] of patient.columns) {
        const column = found.column(name);
        order.forEach((row, i) => {
          const value = source[row] ?? null;
          if (name === "time") {
            same(stored[i], value ?? -(2n ** 63n), () => `${at} times[${i}]`);
            same(column.at(i), value === null ? null : Number(value), () => `${at} time ${i}`);
          } else same(column.at(i), value, () => `${at} ${name} ${i}`);
          values += 1;
        });
      }
      // Every access path over the first rows, and over a window of the middle.
      const rows = storageOrder(rowsOf(patient, 0, Math.min(200, order.length)));
      checkTimeline(found.first(rows.length), rows, db.columns, `${at} first(${rows.length})`);
      const middle = times[Math.floor(times.length / 2)]!;
      const within = order.filter((row) => times[row] !== null && times[row]! <= middle).slice(-256);
      const window = found.until(middle).last(within.length);
      same(
        [...window].map((event) => event.code),
        within.map((row) => patient.columns.get("code")![row]),
        () => `${at} codes of a window`,
      );
    }
    expect([slot, values]).toEqual([100, 916_166 * 24]);
    db.close();
  }, 300_000);

  it("has the codes, descriptions, metadata and splits of the source's files", async () => {
    const db = await opened(mimic!);
    const facts =
      await one(`SELECT count(*) FILTER (WHERE description IS NOT NULL) AS described FROM read_parquet('${mimic}/metadata/codes.parquet')
      WHERE code IN (SELECT code FROM read_parquet('${mimic}/data/*/*.parquet'))`);
    const codes = [...db.codes];
    expect(BigInt(codes.filter(({ description }) => description !== null).length)).toBe(facts.described);
    expect(codes.reduce((sum, { events }) => sum + events, 0)).toBe(916_166);
    expect(db.metadata.dataset).toEqual(JSON.parse(readFileSync(join(mimic!, "metadata/dataset.json"), "utf8")));
    for (const [id, split] of await sourceSplits(mimic!)) expect(db.get(id)?.split ?? split).toBe(split);
    db.close();
  });
});

describe.skipIf(small === null)("the small datasets", () => {
  for (const name of ["meds_torch_cohort", "meds_transforms_example"]) {
    it(`${name} reads back equal through every path`, async () => {
      const source = join(small!, name);
      (await checkWhole(source, await sourceSplits(source))).close();
    });
  }

  it("femr_synthetic, as a single file, reads back equal", async () => {
    const db = await checkWhole(join(small!, "femr_synthetic", "subjects.parquet"), new Map());
    expect([db.size, db.eventCount]).toEqual([200, 2_589]);
    db.close();
  });

  it("meds_testing_helpers' YAML datasets read back equal", async () => {
    const texts = readdirSync(join(small!, "meds_testing_helpers"));
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      const source = folder("yaml");
      const splits = writeYaml(source, readFileSync(join(small!, "meds_testing_helpers", text), "utf8"));
      (await checkWhole(source, splits)).close();
    }
  });

  it("a dataset reads back the same from any file names and depths", async () => {
    const source = folder("moved");
    cpSync(join(small!, "meds_torch_cohort", "data"), join(source, "data/a b/ü"), { recursive: true });
    mkdirSync(join(source, "unsorted_data"));
    writeJson(source, "dataset.json", { dataset_name: "moved" });
    (await checkWhole(source, new Map())).close();
  });
});

/** Writes a dataset that YAML holds as CSV: a key a file. Returns its splits. */
function writeYaml(source: string, yaml: string): Map<bigint, string> {
  const splits = new Map<bigint, string>();
  for (const [, name, body] of yaml.matchAll(/^(\S+\.(?:parquet|json)): \|2-\n((?:(?: {2}.*)?\n)*)/gm)) {
    const rows = body!
      .trim()
      .split("\n")
      .map((line) => cells(line.trim()));
    const head = rows.shift()!;
    const column = (title: string) => rows.map((row) => row[head.indexOf(title)] ?? "");
    if (name!.startsWith("data/")) {
      const columns = [
        { name: "subject_id", type: simple.id, values: column("subject_id").map(BigInt) },
        {
          name: "time",
          type: simple.time,
          values: column("time").map((text) => (text === "" ? null : BigInt(Date.parse(`${text} UTC`)) * 1000n)),
        },
        { name: "code", type: simple.text, values: column("code") },
        { name: "numeric_value", type: simple.float, values: column("numeric_value").map((text) => (text === "" ? null : Number(text))) },
      ];
      writeFileSync(place(source, name!), hyparquetBytes({ name: "", columns }));
    } else if (name === "metadata/subject_splits.parquet") {
      const ids = column("subject_id").map(BigInt);
      const names = column("split");
      ids.forEach((id, i) => {
        splits.set(id, names[i]!);
      });
      const columns = [
        { name: "subject_id", type: simple.id, values: ids },
        { name: "split", type: simple.text, values: names },
      ];
      writeFileSync(place(source, name), hyparquetBytes({ name: "", columns }));
    }
  }
  if (splits.size === 0) throw new Error("the YAML dataset's splits were not found");
  return splits;
}

/** A line of CSV. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
