import { type Label, Labels } from "../labels/labels.js";
import { functionOf, titleOf } from "../passes/callable.js";
import { checkedOptions, type PassOptions } from "../passes/options.js";
import { NO_LABELS, Pass } from "../passes/pass.js";
import type { Store } from "../store/store.js";
import { flagOf, functionIn, namesIn, optionsOf, seedOf, textOf, wholeOf } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import type { Callable, ModuleUrl } from "../support/module.js";
import { Labeler, Skipped } from "./labeler.js";
import { type Labelled, labeling, type SamplePlan } from "./labeling.js";
import { planOf } from "./rules.js";

/** Options of {@link Cohort.label}. */
export interface LabelingOptions<A = unknown> extends PassOptions<A> {
  /** Name of the task. Default: the name in the labeler, or `labels`. */
  readonly task?: string | undefined;
  /** Keeps some labels of each patient, drawn with a seed. Default: all labels. */
  readonly sample?: LabelSample | undefined;
  /** Called once with the counts, before the promise is fulfilled. */
  readonly onReport?: ((report: LabelingReport) => void) | undefined;
}

/**
 * Which labels of a patient are kept. The choice depends only on the seed, the subject id and the prediction
 * times.
 */
export interface LabelSample {
  /** The most labels of a patient. 1 or more. */
  readonly count: number;
  /** Any safe integer. Default: 0. */
  readonly seed?: number | undefined;
  /** Draws only among labels that are not censored, as FEMR does. Default: among all labels. */
  readonly uncensored?: boolean | undefined;
}

/** The counts of {@link Cohort.label}. */
export interface LabelingReport {
  /** Patients that were read, and those that have a label. */
  readonly patients: number;
  readonly labelledPatients: number;
  readonly labels: number;
  readonly censored: number;
  /** Labels with `booleanValue` true, and false. */
  readonly positive: number;
  readonly negative: number;
  /**
   * What did not become a label, by reason: `noEnd` and `over` (visits, see {@link AtVisits}), `atOutcome`
   * ({@link OutcomeOptions.atOutcome}), `unmeasured` and `elsewhere` (values, see {@link labValue} and
   * {@link Thresholds.where}), `unsampled` ({@link LabelSample}).
   */
  readonly skipped: ReadonlyMap<string, number>;
}

/** Makes labels in worker threads, in order of the patients. */
export async function labelPatients<A>(
  store: Store,
  slots: Uint32Array,
  labeler: Labeler | ModuleUrl | Callable,
  options: LabelingOptions<A> | undefined,
): Promise<Labels> {
  const checked = checkedOptions("label", options, ["task", "sample", "onReport"]);
  const { task, sample, onReport, exportName } = options ?? {};
  if (task !== undefined) textOf("task", task, "the name of the task");
  functionIn("onReport", onReport);
  const own = labeler instanceof Labeler ? labeler : null;
  const run = labeler instanceof Labeler ? null : functionOf(labeler, exportName);
  const pass = new Pass<Labelled>({
    store,
    slots,
    run,
    mode: "value",
    per: "chunk",
    ...checked,
    ordered: true,
    reader: labeling({ plan: own === null ? null : planOf(own, store), sample: samplePlan(sample) }),
    labels: null,
    report: NO_LABELS,
  });
  const all: Label[] = [];
  const skipped = new Skipped();
  for await (const chunk of pass) {
    for (const label of chunk.labels) all.push(label);
    for (const [reason, count] of chunk.skipped) skipped.add(reason, count);
  }
  const labels = collected(all, task ?? own?.task ?? "labels", run === null ? null : titleOf(run));
  const count = (is: (label: Label) => boolean) => all.filter(is).length;
  onReport?.(
    Object.freeze({
      patients: slots.length,
      labelledPatients: new Set(labels.subjectIds).size,
      labels: labels.size,
      censored: count(({ isCensored }) => isCensored === true),
      positive: count(({ booleanValue }) => booleanValue === true),
      negative: count(({ booleanValue }) => booleanValue === false),
      skipped: skipped.counts,
    }),
  );
  return labels;
}

/** The labels as a table. If the labels of a function are wrong, the message contains its title. */
function collected(all: readonly Label[], task: string, title: string | null): Labels {
  try {
    return Labels.from(all, { task });
  } catch (error) {
    if (!(error instanceof MedsError) || title === null) throw error;
    throw new MedsError(error.code, `${title} did not return labels: ${error.message}`, { cause: error });
  }
}

function samplePlan(sample: LabelSample | undefined): SamplePlan | null {
  const given = optionsOf(sample);
  if (given === undefined) return null;
  namesIn("`sample`", given, ["count", "seed", "uncensored"]);
  const { count, seed = 0, uncensored } = given;
  const drawn = BigInt(seedOf("sample.seed", seed));
  const isUncensored = flagOf("sample.uncensored", uncensored, false);
  return { count: wholeOf("sample.count", count, 1), seed: drawn, uncensored: isUncensored };
}
