import { resolve } from "node:path";
import { CONVERT_OPTIONS, type ConvertOptions } from "../sources/plan.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { countIn, namesIn, oneOf, optionsOf, pathOf, wholeOf } from "../support/arguments.js";
import { lazy } from "../support/lazy.js";
import type { Summary } from "./convert.js";

const ensuring = lazy(() => import("./ensure-store.js"));
const staging = lazy(() => import("./cluster-source.js"));

/** Options of {@link planCluster}: those of {@link convert} that decide what the store contains, and the parts. */
export interface ClusterPlanOptions extends Omit<ConvertOptions, "reuse" | "temp" | "trustTimes"> {
  /** Number of parts, 1 to 100,000. The store does not depend on it. */
  readonly parts: number;
  /**
   * The folder for the files of the steps, which all machines must see. Default: beside the store, as
   * `.NAME.cluster`. On another file system than the store, `finish` copies the shards.
   */
  readonly work?: string | undefined;
}

/** What {@link planCluster} has planned. */
export interface ClusterPlan {
  /** The folder of the steps. */
  readonly work: string;
  /** Digest of the plan: of the options, and of the names, sizes and times of the source's files. */
  readonly id: string;
  readonly parts: number;
  /** Files of events, their row groups, rows and bytes. */
  readonly files: number;
  readonly groups: number;
  readonly rows: number;
  readonly sourceBytes: number;
  /** The folder had this plan already. Its finished steps are not done again. */
  readonly reused: boolean;
}

/** What each step of {@link clusterStep} returns. */
export interface ClusterSteps {
  readonly survey: {
    readonly part: number;
    readonly groups: number;
    readonly rows: number;
    readonly reused: boolean;
    readonly seconds: number;
  };
  /** `alone`: only `finish` remains, which converts the source by itself, because its rows must be sorted. */
  readonly join: {
    readonly patients: number;
    readonly events: number;
    readonly id: string;
    readonly alone: boolean;
    readonly seconds: number;
  };
  readonly measure: { readonly part: number; readonly reused: boolean; readonly seconds: number };
  readonly settle: {
    readonly shards: number;
    readonly bytes: number;
    /** The parts that have shards. The others need not take `write`. */
    readonly parts: readonly number[];
    readonly alone: boolean;
    readonly seconds: number;
  };
  readonly write: {
    readonly part: number;
    /** The shards of the part: from `start` to before `end`. */
    readonly shards: { readonly start: number; readonly end: number };
    readonly bytes: number;
    readonly reused: boolean;
    readonly seconds: number;
  };
  readonly finish: Summary;
  readonly cancel: { readonly work: string };
}

/** Options of {@link clusterStep}. */
export interface ClusterStepOptions extends WorkOptions {
  /** The part, from 0: required for `survey`, `measure` and `write`, and for no other step. */
  readonly part?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** The most memory to use, in bytes. Default: that of the plan. */
  readonly memory?: number | undefined;
}

const { reuse: _reuse, temp: _temp, trustTimes: _trustTimes, ...OF_CONVERT } = CONVERT_OPTIONS;
const PLAN_OPTIONS = Object.keys({ ...OF_CONVERT, parts: true, work: true } satisfies Record<keyof ClusterPlanOptions, true>);
const STEPS = {
  survey: "clusterSurvey",
  join: "clusterJoin",
  measure: "clusterMeasure",
  settle: "clusterSettle",
  write: "clusterWrite",
  finish: "clusterFinish",
  cancel: "clusterCancel",
} as const satisfies Record<keyof ClusterSteps, string>;
const STEP_OPTIONS = ["part", "threads", "memory", "onProgress", "signal"];

/**
 * Plans a conversion in parts, which machines with one file system take together: see `docs/scale.md`. The source is
 * what {@link convert} converts, but not in an archive. Reads footers only; OMOP tables and MedAlign's XML are first
 * imported by this machine, into the work folder.
 *
 * @throws MedsError The errors of {@link convert}; `MEDS_STORE_EXISTS` if the folder has another plan.
 * @example
 * ```ts
 * import { clusterStep, planCluster } from "meds-reader";
 *
 * const { work, parts } = await planCluster("demo", "parts.medsdb", { parts: 2 });
 * for (let part = 0; part < parts; part += 1) await clusterStep("survey", work, { part });
 * await clusterStep("join", work);
 * for (let part = 0; part < parts; part += 1) await clusterStep("measure", work, { part });
 * const settled = await clusterStep("settle", work);
 * for (const part of settled.parts) await clusterStep("write", work, { part });
 * console.log((await clusterStep("finish", work)).events);
 * ```
 */
export async function planCluster(source: string, store: string, options: ClusterPlanOptions): Promise<ClusterPlan> {
  const given = optionsOf(options) ?? ({} as ClusterPlanOptions);
  namesIn("planCluster", given, PLAN_OPTIONS);
  const { parts, work: folder, ...rest } = given;
  wholeOf("parts", parts, 1);
  const [{ conversionOf }, { clusterWork, staged }] = await Promise.all([ensuring(), staging()]);
  const conversion = await conversionOf(source, store, rest);
  const { source: opened, plan, work } = conversion;
  const planned = { parts, work: folder === undefined ? clusterWork(plan.store) : resolve(pathOf("work", folder)) };
  const run = (convert: object) => runJob<ClusterPlan>("clusterPlan", { ...planned, convert: { ...convert, hashes: undefined } }, work);
  return opened.bytes === undefined ? run(plan) : staged(conversion, planned.work, run);
}

/**
 * Takes a step of a conversion that {@link planCluster} planned: `survey` for each part; `join`; `measure` for each part;
 * `settle`; `write` for each part; `finish`, which publishes the store. The parts of a step can be taken anywhere, in any
 * order, at the same time and more than once. `cancel` removes the work folder at any time.
 *
 * @throws MedsError The errors of {@link convert}; `MEDS_STEP` where the result of another step is missing, damaged or
 * of another conversion; `MEDS_SOURCE_CHANGED` if a file of the source changed since it was planned; `MEDS_NOT_FOUND`
 * where no plan is.
 */
export async function clusterStep<Name extends keyof ClusterSteps>(
  step: Name,
  work: string,
  options?: ClusterStepOptions,
): Promise<ClusterSteps[Name]> {
  const given = optionsOf(options) ?? {};
  namesIn("clusterStep", given, STEP_OPTIONS);
  const kind = STEPS[oneOf("step", step, Object.keys(STEPS) as (keyof ClusterSteps)[])];
  const { onProgress, signal, ...rest } = given;
  for (const name of ["part", "threads", "memory"] as const) countIn(name, rest[name]);
  return runJob<ClusterSteps[Name]>(kind, { ...rest, work: pathOf("work", work) }, { onProgress, signal });
}
