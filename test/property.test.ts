// Random datasets over all column types, written by programs that are not ours, read back through every access path.
import { Worker } from "node:worker_threads";
import { verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "./support/compare.js";
import { checkStore, type ExpectedPatient } from "./support/expect.js";
import { forAll, runs } from "./support/property.js";
import { python } from "./support/python.js";
import { dataset } from "./support/random.js";
import { withStore } from "./support/stored.js";

function readInWorker(path: string): Promise<ExpectedPatient[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./support/dump-worker.mjs", import.meta.url), { workerData: path });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

describe("a random dataset reads back", () => {
  it(`equal through objects, arrays, columns and windows (${python === null ? "no Python: types of pyarrow are left out" : "with pyarrow's types"})`, async () => {
    await forAll(dataset, runs, 0, (data) => withStore(data, (db) => checkStore(db, data.expected)));
  }, 600_000);

  it("equal in a worker thread, and verify finds no difference", async () => {
    await forAll(dataset, Math.ceil(runs / 6), 1, (data) =>
      withStore(data, async (_, store, source) => {
        const found = await readInWorker(store);
        expect(found.map(({ id }) => id)).toEqual(data.expected.map(({ id }) => id));
        found.forEach((patient, i) => {
          const { rows } = data.expected[i]!;
          same(patient.rows.length, rows.length, () => `rows of ${patient.id} in a worker`);
          patient.rows.forEach((row, k) => {
            for (const name of Object.keys(row))
              same(row[name], rows[k]![name] ?? null, () => `subject ${patient.id} row ${k} ${name} in a worker`);
          });
        });
        expect(await verify(store, source)).toMatchObject({ ok: true, differences: [] });
      }),
    );
  }, 600_000);
});
