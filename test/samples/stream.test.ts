// Batches as an Arrow stream: what another reader finds in it.
import { spawnSync } from "node:child_process";
import { createWriteStream, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { tableFromIPC } from "apache-arrow";
import { convert, Labels, loader, PatientDatabase, samples, writeBatches } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";
import { python } from "../support/python.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const READ = `import json, sys, pyarrow as pa
batches = pa.ipc.open_stream(sys.stdin.buffer)
assert batches.schema.field("time").type.value_field.nullable
times = [own for batch in batches for own in batch.column("time").cast(pa.list_(pa.int64(), 4)).to_pylist()]
print(json.dumps(times))`;
const sink = () => new Writable({ write: (_chunk, _encoding, done) => done() });

describe("a stream of batches", () => {
  it("holds what the batches hold, nulls of labels too", async () => {
    const db = PatientDatabase.open(generated.store);
    const labels = Labels.from(
      [...db].slice(0, 20).map((patient, i) => ({
        subjectId: patient.subjectId,
        predictionTime: patient.times[patient.length - 1 - (i % 3)]!,
        booleanValue: i % 3 === 0 ? null : i % 2 === 0,
        integerValue: i % 4 === 0 ? null : i,
        floatValue: i / 2,
        categoricalValue: i % 5 === 0 ? null : `c${i % 3}`,
      })),
    );
    const list = samples(db, labels, { maxLength: 30 });
    const options = { batchSize: 6, padTo: "max" as const, shuffle: true, seed: 2 };
    const path = join(folder("stream"), "b.arrows");
    expect(await writeBatches(loader(list, options), createWriteStream(path))).toEqual({ batches: 4, samples: 20 });
    const table = tableFromIPC(readFileSync(path));
    expect(table.batches.length).toBe(4);
    let row = 0;
    for (const batch of loader(list, options)) {
      for (let b = 0; b < batch.sample.length; b += 1, row += 1) {
        const found = table.get(row)!.toJSON() as Record<string, Iterable<unknown>>;
        const label = labels.at(batch.sample[b]!)!;
        expect(found).toMatchObject({
          subject_id: batch.subject_id[b],
          boolean_value: label.booleanValue,
          integer_value: label.integerValue,
          float_value: label.floatValue,
          categorical_value: label.categoricalValue,
        });
        for (const field of ["code", "numeric_value", "numeric_value_mask", "time_delta_days"] as const)
          expect([...found[field]!]).toEqual([...batch[field].subarray(b * 30, (b + 1) * 30)]);
        const [, width] = batch.static_shape;
        expect([...found.static_code!]).toEqual([...batch.static_code.subarray(b * width, (b + 1) * width)]);
      }
    }
    expect(row).toBe(table.numRows);
    db.close();
  });

  it.each(["right", "left"] as const)("has null for a time where there is none: at PAD (%s), and at static rows", async (padding) => {
    const hour = 3_600_000_000n;
    // 1970-01-01 is a time.
    const rows: SimpleRow[] = [
      [1n, null, "S"],
      [1n, 0n, "A"],
      [1n, hour, "B"],
      [2n, 0n, "A"],
      [3n, null, "S"],
    ];
    const source = await writeSimple(folder("nulls"), rows);
    await convert(source, join(source, "s.medsdb"));
    const db = PatientDatabase.open(join(source, "s.medsdb"));
    const labels = Labels.from([1, 2, 3].map((subjectId) => ({ subjectId, predictionTime: 5n * hour })));
    const list = samples(db, labels, { maxLength: 4, static: "prepend" });
    const path = join(folder("stream"), "b.arrows");
    await writeBatches(loader(list, { batchSize: 2, padTo: "max", padding }), createWriteStream(path));
    const bytes = readFileSync(path);
    const times = [...tableFromIPC(bytes).getChild("time")!].map((own) => [...own].map((time) => (time === null ? null : Number(time))));
    const pad = (own: (number | null)[]) => {
      const empty = Array.from({ length: 4 - own.length }, () => null);
      return padding === "left" ? [...empty, ...own] : [...own, ...empty];
    };
    expect(times).toEqual([[null, 0, Number(hour) / 1000], [0], [null]].map(pad));
    if (python !== null) {
      const { stdout, stderr } = spawnSync(python, ["-c", READ], { input: bytes, encoding: "utf8" });
      expect([stderr, JSON.parse(stdout || "null")]).toEqual([
        "",
        [[null, 0, Number(hour)], [0], [null]].map((own) => pad(own as (number | null)[])),
      ]);
    }
    db.close();
  });

  it("has a schema where there are no samples", async () => {
    const db = PatientDatabase.open(generated.store);
    const nobody = Labels.from([{ subjectId: -1, predictionTime: 0, booleanValue: true, categoricalValue: "x" }]);
    const somebody = Labels.from([{ ...nobody.at(0)!, subjectId: db.at(0)!.subjectId }]);
    for (const padTo of ["max", "longest"] as const) {
      const [none, one] = await Promise.all(
        [nobody, somebody].map(async (labels) => {
          const path = join(folder("stream"), "b.arrows");
          const made = loader(samples(db, labels, { maxLength: 5, static: "prepend" }), { batchSize: 6, padTo });
          const count = await writeBatches(made, createWriteStream(path));
          return { count, bytes: readFileSync(path) };
        }),
      );
      expect([none!.count, one!.count.batches]).toEqual([{ batches: 0, samples: 0 }, 1]);
      const [empty, full] = [tableFromIPC(none!.bytes), tableFromIPC(one!.bytes)];
      expect(empty.numRows).toBe(0);
      expect(empty.schema.names).toEqual(full.schema.names);
      if (padTo === "max") expect(String(empty.schema)).toBe(String(full.schema));
      if (python !== null) {
        const { stdout, stderr } = spawnSync(python, ["examples/read_batches.py"], { cwd: root, input: none!.bytes, encoding: "utf8" });
        expect([stderr, stdout]).toEqual(["", ""]);
      }
    }
    db.close();
  });

  it.skipIf(python === null)("is read by the example in Python, to equal values", async () => {
    const db = PatientDatabase.open(generated.store);
    const labels = Labels.from([...db].slice(0, 30).map(({ subjectId, times }) => ({ subjectId, predictionTime: times.at(-1)! })));
    const list = samples(db, labels, { maxLength: 30, static: "prepend" });
    const path = join(folder("stream"), "b.arrows");
    const made = loader(list, { batchSize: 8, padTo: "max" });
    await writeBatches(made, createWriteStream(path));
    const { stdout, stderr } = spawnSync(python!, ["examples/read_batches.py"], { cwd: root, input: readFileSync(path), encoding: "utf8" });
    expect(stderr).toBe("");
    const found = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/[(),]/g, "").split(" ").map(Number));
    const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
    const expected = Array.from(made, ({ shape, code, numeric_value }, i) => [
      i,
      ...shape,
      code.filter((id) => id > 0).length,
      sum(code),
      sum(numeric_value),
    ]);
    expect(found.map((line) => line.slice(0, 5))).toEqual(expected.map((line) => line.slice(0, 5)));
    for (const [i, line] of found.entries()) expect(line[5]).toBeCloseTo(expected[i]![5]!, 6);
    db.close();
  });

  it("goes into a device or through a link, and neither is replaced by a file", async () => {
    const db = PatientDatabase.open(generated.store);
    const batches = () => loader(samples(db, { split: "train" }, { maxLength: 8 }), { batchSize: 64 });
    const place = folder("links");
    symlinkSync("/dev/null", join(place, "null"));
    await writeBatches(batches(), join(place, "null"));
    expect([lstatSync(join(place, "null")).isSymbolicLink(), statSync("/dev/null").isCharacterDevice()]).toEqual([true, true]);
    symlinkSync("b.arrows", join(place, "link"));
    writeFileSync(join(place, "b.arrows"), "old");
    await writeBatches(batches(), join(place, "link"));
    expect([lstatSync(join(place, "link")).isSymbolicLink(), readdirSync(place).sort()]).toEqual([true, ["b.arrows", "link", "null"]]);
    expect(tableFromIPC(readFileSync(join(place, "b.arrows"))).numRows).toBeGreaterThan(0);
    // The link's file does not exist yet.
    mkdirSync(join(place, "in"));
    symlinkSync("in/c.arrows", join(place, "later"));
    symlinkSync("later", join(place, "twice"));
    await writeBatches(batches(), join(place, "twice"));
    expect(["later", "twice"].map((name) => lstatSync(join(place, name)).isSymbolicLink())).toEqual([true, true]);
    expect(readdirSync(join(place, "in"))).toEqual(["c.arrows"]);
    expect(tableFromIPC(readFileSync(join(place, "in", "c.arrows"))).numRows).toBeGreaterThan(0);
    db.close();
  });

  it("stops writing to a stream that takes nothing, or that is destroyed", async () => {
    const db = PatientDatabase.open(generated.store);
    const list = samples(db, { split: "train" }, { maxLength: 30 });
    const stop = new AbortController();
    const stuck = new Writable({ write: () => void setTimeout(() => stop.abort(), 20) });
    const batches = loader(list, { batchSize: 2, padTo: "max", signal: stop.signal });
    expect(await rejected(writeBatches(batches, stuck))).toMatchObject({ code: "MEDS_CANCELLED" });
    const destroyed = loader(list, { batchSize: 2, padTo: "max" });
    expect(await rejected(writeBatches(destroyed, sink().destroy()))).toMatchObject({ code: "MEDS_IO" });
    db.close();
  });

  it("refuses values that are not loaders", async () => {
    for (const wrong of [[], null, undefined, 5, {}, "x"])
      expect(await rejected(writeBatches(wrong as never, sink()))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });

  it("refuses batches that are not a table", async () => {
    const db = PatientDatabase.open(generated.store);
    const list = samples(db, { split: "train" }, { maxLength: 30, unit: "events" });
    for (const options of [{ batchSize: 4, layout: "nested" as const }, { tokens: 100_000 }, { batchSize: 4 }])
      expect(await rejected(writeBatches(loader(list, options), sink()))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    db.close();
  });
});
