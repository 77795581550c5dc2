// Real data of others. It is not part of the project, and tests that need it are skipped without it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.env.MEDS_REAL_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** The path of a data set; null if it is absent. */
export function real(...parts: string[]): string | null {
  const path = join(root, ...parts);
  return existsSync(path) ? path : null;
}
