// A batch has the same bytes on any number of threads and in any memory: new, the caller's, or that of the batch before.
import { type Batch, type BatchField, loader, PatientDatabase, samples } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../support/errors.js";
import { generated } from "../support/generated.js";

const bytesOf = (batch: object) =>
  Object.entries(batch).flatMap(([name, value]) => {
    if (!ArrayBuffer.isView(value)) return name === "resume" ? [] : [JSON.stringify([name, value])];
    return [`${name} ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}`];
  });

/** Memory that contains what no batch contains, so that an element that is not written shows. */
const poisoned = (_: string, bytes: number) => new Uint8Array(bytes + 24).fill(0xa5).buffer;

const FIELDS = ["code", "numeric_value", "numeric_value_mask", "time_delta_days", "time", "age_days", "static_mask"] as const;

describe("a batch", () => {
  let db: PatientDatabase;
  beforeAll(() => {
    db = PatientDatabase.open(generated.store);
  });
  afterAll(() => db.close());

  /** Windows that leave gaps between their rows, and windows that do not. */
  const lists = () =>
    [
      { maxLength: 300 },
      { maxLength: 300, static: "include" as const, strategy: "random" as const },
      { maxLength: 40, static: "prepend" as const, unit: "events" as const },
      { maxLength: 90, codes: [db.codes.withPrefix("LAB//")], static: "prepend" as const },
    ].map((options) => samples(db, { split: "train" }, options));

  it("has the same bytes on any number of threads, in any memory", () => {
    let several = 0;
    for (const list of lists()) {
      for (const options of [
        { batchSize: 150 },
        { batchSize: 150, padding: "left" as const, codeType: "int64" as const },
        { batchSize: 20, layout: "nested" as const },
        { tokens: 30_000 },
        { batchSize: 150, fields: ["code", "time"] as BatchField[] },
        { batchSize: 150, fields: ["time_delta_days"] as BatchField[] },
        { batchSize: 150, fields: [...FIELDS] as BatchField[], shuffle: true },
      ]) {
        let packable = true;
        const load = (more: object) => loader(list, { ...options, ...more });
        const batches = (more: object) => Array.from(load(more), (batch: Batch<BatchField>) => bytesOf(batch));
        try {
          batches({ threads: 1 });
        } catch {
          packable = false; // a sample of 40 events can have more rows than fit
        }
        if (!packable) continue;
        const one = batches({ threads: 1 });
        several += one.length;
        expect(batches({ threads: 1, allocate: poisoned })).toEqual(one);
        expect(batches({ threads: 3 })).toEqual(one);
        expect(batches({ threads: 3, allocate: poisoned })).toEqual(one);
        expect(batches({ reuse: true })).toEqual(one);
      }
    }
    expect(several).toBeGreaterThan(40);
  }, 300_000);

  it("overwrites the previous batch on request only", () => {
    const list = samples(db, { split: "train" }, { maxLength: 64 });
    const [a, b] = [...loader(list, { batchSize: 32, padTo: "max", reuse: true })];
    expect(a!.code.buffer).toBe(b!.code.buffer);
    expect(a!.subject_id).toEqual(b!.subject_id);
    const [c, d] = [...loader(list, { batchSize: 32, padTo: "max" })];
    expect(c!.code.buffer).not.toBe(d!.code.buffer);
    expect(c!.subject_id).not.toEqual(d!.subject_id);
    expect(c!.code.byteOffset).toBe(0);
    expect(c!.code.buffer.byteLength).toBe(c!.code.byteLength); // it can be transferred, with nothing else in it
  });

  it("refuses what makes no sense", () => {
    const list = samples(db, { split: "train" }, { maxLength: 8 });
    const wrong = [{ threads: -1 }, { threads: 1.5 }, { threads: 1025 }, { threads: "2" }, { reuse: 1 }, { reuse: true, workers: 1 }];
    for (const options of [...wrong, { reuse: true, allocate: poisoned }])
      expect(codeOf(() => loader(list, { batchSize: 2, ...(options as object) }))).toBe("MEDS_INVALID_ARGUMENT");
  });
});
