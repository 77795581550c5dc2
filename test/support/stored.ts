// A random dataset as an open store.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { writeFiles, writeSplits } from "./dataset.js";
import { folder } from "./folder.js";
import type { RandomDataset } from "./random.js";

/** Writes a dataset, converts it, passes the open store to `look`, and removes everything. */
export async function withStore(
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
