import type { MedalignSource } from "../sources/medalign/medalign.js";
import type { Form, OmopSource } from "../sources/omop/omop.js";
import type { GivenOmop } from "../sources/omop/options.js";
import { NativeSource } from "../sources/source.js";
import { kindOf, runJob, type SourceKind, type WorkOptions } from "../store/native.js";
import { functionIn, signalIn } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import { lazy } from "../support/lazy.js";

/** A source, of any kind. */
export type Opened = NativeSource | OmopSource | MedalignSource;

/**
 * Looks at a path and says what it is.
 *
 * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_NO_DATA` where it cannot be converted; `MEDS_CANCELLED`; `MEDS_INVALID_ARGUMENT`
 * for a signal or a callback that is none.
 */
export async function openSource(path: string, options: GivenOmop, { signal, onProgress }: WorkOptions): Promise<Opened> {
  functionIn("onProgress", onProgress);
  signalIn("signal", signal);
  const kind = nativeKind(path);
  if (kind instanceof MedsError) return (await xml(path)) ?? Promise.reject(kind);
  if (kind === "omop") return omop(path, "folder", options);
  if (kind === "duckdb") return omop(path, "database", options);
  if (kind === "archive" && (await runJob<boolean>("holdsTables", { source: path }, { signal }))) return omop(path, "archive", options);
  return new NativeSource(path, kind);
}

/** What the native side says that a path is; its error where that is none of the kinds that it knows. */
function nativeKind(path: string): SourceKind | MedsError {
  try {
    return kindOf(path);
  } catch (error) {
    if (error instanceof MedsError && error.code === "MEDS_NO_DATA") return error;
    throw error;
  }
}

const medalignFile = lazy(() => import("../sources/medalign/medalign.js"));

/** The path as a folder of XML files; undefined where it is not one. */
async function xml(path: string): Promise<MedalignSource | undefined> {
  const { MedalignSource, xmlFiles } = await medalignFile();
  return xmlFiles(path).length > 0 ? new MedalignSource(path) : undefined;
}

const omopFile = lazy(() => import("../sources/omop/omop.js"));

async function omop(path: string, form: Form, options: GivenOmop): Promise<OmopSource> {
  const { OmopSource } = await omopFile();
  return new OmopSource(path, form, options);
}
