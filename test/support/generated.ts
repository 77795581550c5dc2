// A generated dataset of 400,000 rows and its store in several shards, made once per test file.
import { join } from "node:path";
import { convert, generate } from "meds-reader";
import { beforeAll } from "vitest";
import { folder } from "./folder.js";

/** Their paths, after `beforeAll`. */
export const generated = { source: "", store: "" };

beforeAll(async () => {
  const root = folder("generated");
  generated.source = join(root, "source");
  generated.store = join(root, "sound.medsdb");
  await generate(generated.source, { patients: 300, events: 400_000, seed: 5, files: 3 });
  await convert(generated.source, generated.store, { shardBytes: 2 << 20 });
});
