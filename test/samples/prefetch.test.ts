// Batches made by worker threads: the same bytes, in order; whatever ends the loop ends the threads.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Batch, loader, PatientDatabase, samples } from "meds-reader";
import { describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

const open = (store = generated.store) => {
  const db = PatientDatabase.open(store);
  return { db, list: samples(db, { split: "train" }, { maxLength: 100, strategy: "random" }) };
};
const bytesOf = (batch: Batch) =>
  Object.entries(batch).map(([name, value]) =>
    ArrayBuffer.isView(value)
      ? `${name} ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}`
      : JSON.stringify([name, value]),
  );

describe("workers", () => {
  it.each([1, 3])("make the same batches in the same order (%i of them)", async (workers) => {
    const { db, list } = open();
    for (const options of [
      { batchSize: 7, shuffle: true, seed: 4 },
      { tokens: 500, shuffle: true, seed: 4 },
    ]) {
      const here = Array.from(loader(list, options), bytesOf);
      const there: string[][] = [];
      for await (const batch of loader(list, { ...options, workers })) there.push(bytesOf(batch));
      expect(there).toEqual(here);
    }
    db.close();
  });

  it("report their errors", async () => {
    const store = join(folder("replaced"), "s.medsdb");
    cpSync(generated.store, store, { recursive: true });
    const { db, list } = open(store);
    for (const name of readdirSync(store)) rmSync(join(store, name), { recursive: true });
    const read = async () => {
      for await (const batch of loader(list, { batchSize: 4, workers: 2 })) expect(batch).toBeDefined();
    };
    expect((await rejected(read())).code).toMatch(/^MEDS_NOT_/);
    db.close();
  });

  it("end with break, throw, a signal, and the closing of the database", async () => {
    const printed = { break: "", return: "", throw: "mine\n", abort: "MEDS_CANCELLED\n", close: "MEDS_CLOSED\n" };
    for (const [how, stdout] of Object.entries(printed))
      expect([how, await run("loader-child.mjs", [generated.store, how])]).toEqual([how, { code: 0, signal: null, stdout, stderr: "" }]);
  });

  it("refuse functions", async () => {
    const { db } = open();
    const list = samples(db, { split: "train" }, { maxLength: 9, where: { code: (code: string) => code !== "" } });
    const read = async () => {
      for await (const batch of loader(list, { batchSize: 4, workers: 1 })) expect(batch).toBeDefined();
    };
    expect(await rejected(read())).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    db.close();
  });
});

describe("memory", () => {
  it("stays flat over 100 epochs", () => {
    const { db, list } = open();
    const epoch = (number: number) => {
      for (const batch of loader(list, { batchSize: 32, shuffle: true, epoch: number })) expect(batch.sample.length).toBeGreaterThan(0);
    };
    for (let i = 0; i < 20; i += 1) epoch(i);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    for (let i = 20; i < 120; i += 1) epoch(i);
    globalThis.gc?.();
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(60);
    db.close();
  });
});
