// Batches as an Arrow stream: what another reader finds in it.
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { tableFromIPC } from "apache-arrow";
import { Labels, loader, PatientDatabase, samples, writeBatches } from "meds-reader";
import { describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

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

  it("refuses batches that are no table", async () => {
    const db = PatientDatabase.open(generated.store);
    const list = samples(db, { split: "train" }, { maxLength: 30, unit: "events" });
    for (const options of [{ batchSize: 4, layout: "nested" as const }, { tokens: 100_000 }, { batchSize: 4 }])
      expect(await rejected(writeBatches(loader(list, options), sink()))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    db.close();
  });
});
