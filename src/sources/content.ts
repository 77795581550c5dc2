// What a file contains, as a number: the one place in which TypeScript hashes whole files.
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { fail } from "../errors.js";
import { failIo } from "../io.js";
import type { WorkOptions } from "../native.js";

/** A hash of all bytes of a file, and of the log that DuckDB keeps beside a database whose last changes are not in it yet. */
export async function contentOf(path: string, signal: WorkOptions["signal"]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [path, `${path}.wal`].filter((file) => file === path || existsSync(file))) {
    hash.update("\0");
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
        if (signal?.aborted === true) break;
        hash.update(chunk as Buffer);
      }
    } catch (error) {
      failIo(file, error);
    }
  }
  if (signal?.aborted === true) fail("MEDS_CANCELLED", "The look at the source was cancelled.");
  return hash.digest("hex").slice(0, 32);
}
