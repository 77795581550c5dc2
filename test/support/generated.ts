// A generated dataset of 400,000 rows and its store in several shards, made once for all test files. They only read it.
import { existsSync, mkdtempSync, renameSync } from "node:fs";
import { join } from "node:path";
import { convert, generate } from "meds-reader";
import { beforeAll } from "vitest";

const root = join(process.env.MEDS_TEST_SHARED!, "generated");

/** Their paths. They exist after `beforeAll`. */
export const generated = { source: join(root, "source"), store: join(root, "sound.medsdb") };

beforeAll(async () => {
  if (existsSync(root)) return;
  const made = mkdtempSync(`${root}-`);
  await generate(join(made, "source"), { patients: 300, events: 400_000, seed: 5, files: 3 });
  await convert(join(made, "source"), join(made, "sound.medsdb"), { shardBytes: 2 << 20 });
  try {
    renameSync(made, root);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(root)) throw error;
  }
});
