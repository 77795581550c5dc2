import type { Form, OmopSource } from "../sources/omop/omop.js";
import type { GivenOmop } from "../sources/omop/options.js";
import { NativeSource } from "../sources/source.js";
import { kindOf, runJob, type WorkOptions } from "../store/native.js";
import { functionIn, signalIn } from "../support/arguments.js";
import { lazy } from "../support/lazy.js";

/**
 * Looks at a path and says what it is.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` where it cannot be converted; `MEDS_CANCELLED`; `MEDS_INVALID_ARGUMENT`
 * for a signal or a callback that is none.
 */
export async function openSource(
  path: string,
  options: GivenOmop,
  { signal, onProgress }: WorkOptions,
): Promise<NativeSource | OmopSource> {
  functionIn("onProgress", onProgress);
  signalIn("signal", signal);
  const kind = kindOf(path);
  if (kind === "omop") return omop(path, "folder", options);
  if (kind === "duckdb") return omop(path, "database", options);
  if (kind === "archive" && (await runJob<boolean>("holdsTables", { source: path }, { signal }))) return omop(path, "archive", options);
  return new NativeSource(path, kind);
}

const omopFile = lazy(() => import("../sources/omop/omop.js"));

async function omop(path: string, form: Form, options: GivenOmop): Promise<OmopSource> {
  const { OmopSource } = await omopFile();
  return new OmopSource(path, form, options);
}
