// Random datasets over all column types, written by programs that are not ours, read back through every access path.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "./support/compare.js";
import { writeFiles, writeSplits } from "./support/dataset.js";
import { checkStore, type ExpectedPatient } from "./support/expect.js";
import { folder } from "./support/folder.js";
import { forAll, runs } from "./support/property.js";
import { python } from "./support/python.js";
import { dataset, type RandomDataset } from "./support/random.js";

function readInWorker(path: string): Promise<ExpectedPatient[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./support/dump-worker.mjs", import.meta.url), { workerData: path });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Writes a dataset, converts it, hands the open store to `look`, and takes all of it away again. */
async function withStore(
  data: RandomDataset,
  look: (db: PatientDatabase, store: string, source: string) => Promise<void> | void,
): Promise<void> {
  const source = folder("property");
  const store = join(source, "out.medsdb");
  await writeFiles(source, data.files);
  if (data.splits.size > 0) writeSplits(source, data.splits);
  await convert(source, store, { shardBytes: data.shardBytes, threads: data.threads });
  const db = PatientDatabase.open(store);
  try {
    await look(db, store, source);
  } finally {
    db.close();
  }
  rmSync(source, { recursive: true });
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
