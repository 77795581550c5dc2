// One way to the store of a source, for convert() and PatientDatabase.from().
import { type ExistingStore, existingStore } from "../sources/existing-store.js";
import { hashesFolder } from "../sources/hashes.js";
import { refuseLosses } from "../sources/omop/losses.js";
import { omopOptions, refuseOmop } from "../sources/omop/options.js";
import type { ConversionPlan, ConvertOptions } from "../sources/plan.js";
import type { Fingerprint, Source } from "../sources/source.js";
import { refuseTaken, runJob, type WorkOptions } from "../store/native.js";
import type { Int64 } from "../store/values/vector.js";
import { countIn, flagOf, optionsOf, pathOf, textsIn } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";
import type { Summary } from "./convert.js";
import { openSource } from "./source.js";

/** What a caller needs of the store that is there already. */
export interface Reuse {
  /** The caller reads it, so that a damaged store is an error. Otherwise a damaged store is replaced. */
  readonly opens: boolean;
  /** Compare every byte of it with its checksum first. */
  readonly verify: boolean;
  /** What its (u)int64 values are in JavaScript. */
  readonly int64?: Int64;
}

/**
 * The store of a source: one that was there, which is open and which the caller closes, or the summary of one
 * that was made.
 */
export type Ensured =
  | { readonly existing: ExistingStore; readonly source: Source; readonly made?: undefined }
  | { readonly made: Summary; readonly existing?: undefined };

/**
 * Makes the store of a source, unless the options allow to reuse a store that is there and matches the
 * source.
 */
export async function ensureStore(source: string, store: string, options: ConvertOptions | undefined, reuse: Reuse): Promise<Ensured> {
  const begun = performance.now();
  const conversion = await conversionOf(source, store, options);
  const fingerprint = conversion.source.fingerprint(conversion.plan, conversion.work);
  try {
    const found = await reusable(conversion, fingerprint, reuse);
    if (found.existing !== undefined) return { existing: found.existing, source: conversion.source };
    return { made: await make({ ...conversion, plan: found.plan }, fingerprint, begun) };
  } finally {
    fingerprint.end();
  }
}

/** The store at the target where it is to be reused, or the plan to make one. */
async function reusable({ source, plan, strict }: Conversion, fingerprint: Fingerprint, { opens, verify, int64 }: Reuse) {
  const isImported = source.kind === "omop" || source.kind === "medalign";
  if (isImported && !opens) refuseTaken(plan.store, plan.force === true || plan.reuse === true);
  // For other sources the native side compares the fingerprint itself, while it has the lock of the store.
  if (!opens && !(isImported && plan.reuse === true)) return { plan };
  try {
    const existing = await existingStore(plan, fingerprint, verify, int64);
    if (existing === undefined) return { plan };
    try {
      refuseLosses(plan.source, existing.metadata.notes, strict);
    } catch (error) {
      existing.store.close();
      throw error;
    }
    return { plan, existing };
  } catch (error) {
    if (opens || !(error instanceof MedsError && /^MEDS_(CORRUPT|STORE_VERSION|NOT_A_STORE)$/.test(error.code))) throw error;
    // With `reuse` the native side would accept a damaged store by its fingerprint. With `force` it still
    // refuses to replace a folder that is not a store.
    return { plan: { ...plan, reuse: false, force: true } };
  }
}

/** Converts the source. */
function make({ source, plan, work, strict }: Conversion, fingerprint: Fingerprint, begun: number): Promise<Summary> {
  const { store, temp, memory, threads } = plan;
  return source.staged({ store, temp, memory, threads, work, strict, fingerprint }, async (dataset) => {
    const before = (performance.now() - begun) / 1000;
    const summary = await runJob<Summary>("convert", { ...plan, ...dataset.plan }, work);
    const { bytes: sourceBytes } = source;
    return sourceBytes === undefined ? summary : { ...summary, sourceBytes, seconds: before + summary.seconds };
  });
}

/** What the arguments of a conversion mean. */
export interface Conversion {
  readonly source: Source;
  readonly plan: ConversionPlan;
  readonly work: WorkOptions;
  readonly strict: boolean;
}

/** Checks the arguments of a conversion. The caller has checked the names of its options. */
export async function conversionOf(source: string, store: string, options: ConvertOptions | undefined): Promise<Conversion> {
  const { onProgress, signal, vocabulary, keepUnmapped, conceptIds, skipBadRows, strict, ...rest } = optionsOf(options) ?? {};
  textsIn("columns", rest.columns);
  textsIn("exclude", rest.exclude);
  for (const name of ["repair", "force", "reuse", "index", "trustTimes"] as const) flagOf(name, rest[name], false);
  for (const name of ["threads", "memory", "shardBytes"] as const) countIn(name, rest[name]);
  const omop = omopOptions({ vocabulary, keepUnmapped, conceptIds, skipBadRows });
  const isStrict = flagOf("strict", strict, false);
  if (rest.temp !== undefined) pathOf("temp", rest.temp);
  const plan = { ...rest, source: pathOf("source", source), store: pathOf("store", store), hashes: hashesFolder() };
  const work = { onProgress, signal };
  const opened = await openSource(plan.source, omop, work);
  if (opened.kind === "store")
    fail(
      "MEDS_NO_DATA",
      `${plan.source}: this is already a store. Open it as it is. To make a smaller store use filter; to make a MEDS dataset use export.`,
      plan.source,
    );
  if (opened.kind !== "omop") refuseOmop(omop);
  return { source: opened, plan, work, strict: isStrict };
}
