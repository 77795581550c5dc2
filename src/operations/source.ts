import { OmopSource } from "../sources/omop/omop.js";
import type { GivenOmop } from "../sources/omop/options.js";
import { NativeSource } from "../sources/source.js";
import { kindOf, runJob, type WorkOptions } from "../store/native.js";

/**
 * Looks at a path and says what it is.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` where it cannot be converted; `MEDS_CANCELLED`.
 */
export async function openSource(path: string, options: GivenOmop, { signal }: WorkOptions): Promise<NativeSource | OmopSource> {
  const kind = kindOf(path);
  if (kind === "omop") return new OmopSource(path, "folder", options);
  if (kind === "duckdb") return new OmopSource(path, "database", options);
  if (kind === "archive" && (await runJob<boolean>("holdsTables", { source: path }, { signal })))
    return new OmopSource(path, "archive", options);
  return new NativeSource(path, kind);
}
