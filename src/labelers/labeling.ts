import type { Label } from "../labels/labels.js";
import { type ChunkReader, type ReaderContext, type ReaderPlan, readerKind } from "../passes/reader.js";
import { conflict, expected } from "../support/arguments.js";
import { node } from "../support/node.js";
import { isDate } from "../support/realm.js";
import type { Patient } from "../timeline/patient.js";
import { Skipped } from "./labeler.js";
import { type LabelPlan, labelsOf } from "./rules.js";

/** How labels of a chunk of patients are made: plain data for workers. */
export interface LabelingTask {
  /** Null: a function of a module makes the labels. */
  readonly plan: LabelPlan | null;
  readonly sample: SamplePlan | null;
}

/** How labels of a patient are drawn. */
export interface SamplePlan {
  readonly count: number;
  readonly seed: bigint;
  readonly uncensored: boolean;
}

/**
 * The result of a module's function for a patient: one label, several labels, or nothing. Labels may omit the
 * subject.
 */
export type AskedLabel = Omit<Label, "subjectId"> & { readonly subjectId?: Label["subjectId"] };
export type Asked = Iterable<AskedLabel> | AskedLabel | null | undefined;

/** The labels of a chunk, and the counts of what was left out. */
export interface Labelled {
  readonly labels: readonly Label[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** Describes a labeling to a pass. */
export const labeling: (task: LabelingTask) => ReaderPlan = readerKind("The labeler", (task, { ask }) => new Labeling(task, ask));

/** Makes labels of one patient after another. */
class Labeling implements ChunkReader {
  private readonly labels: Label[] = [];
  private readonly skipped = new Skipped();

  constructor(
    private readonly task: LabelingTask,
    private readonly ask: ReaderContext["ask"],
  ) {}

  async read(patient: Patient): Promise<void> {
    const { plan, sample } = this.task;
    const labels = plan === null ? asked((await this.ask!(patient)) as Asked, patient.subjectId) : labelsOf(plan, patient, this.skipped);
    const kept = sample === null ? labels : sampled(labels, patient.subjectId, sample);
    this.skipped.add("unsampled", labels.length - kept.length);
    for (const label of kept) this.labels.push(label);
  }

  result(): Labelled {
    return { labels: this.labels, skipped: this.skipped.counts };
  }
}

/** The result of a module's function, as labels of the patient that it was called for. */
function asked(given: Asked, subjectId: bigint): Label[] {
  if (given === null || given === undefined) return [];
  const isMany = typeof given === "object" && Symbol.iterator in given;
  return Array.from(isMany ? given : [given], (label) => {
    if (typeof label !== "object" || label === null || !("predictionTime" in label))
      expected("A label", label, "an object such as { predictionTime, booleanValue }");
    const { subjectId: own } = label;
    if (own === undefined) return { ...label, subjectId };
    if (typeof own !== "bigint" && !Number.isSafeInteger(own)) expected("The `subjectId` of a label", own, "a whole number or a bigint");
    if (BigInt(own) !== subjectId)
      conflict(
        `A label is of subject ${own}, but the function was called for subject ${subjectId}. Omit \`subjectId\`, or return labels of that subject only.`,
      );
    return { ...label, subjectId };
  });
}

/**
 * Draws labels of a patient and keeps their order: those with the smallest hashes of seed, subject and time.
 * So the same labels are drawn in any order of patients and from any store. A later label does not change
 * which of two earlier labels is preferred.
 */
function sampled(labels: readonly Label[], subjectId: bigint, { count, seed, uncensored }: SamplePlan): Label[] {
  const open = uncensored ? labels.filter(({ isCensored }) => isCensored !== true) : [...labels];
  if (open.length <= count) return open;
  const bytes = Buffer.alloc(24);
  bytes.writeBigInt64BE(seed, 0);
  bytes.writeBigInt64BE(subjectId, 8);
  const hashed = open.map((label, i) => {
    bytes.writeBigInt64BE(BigInt.asIntN(64, microsOf(label.predictionTime)), 16);
    return { i, hash: node.crypto.createHash("sha256").update(bytes).digest().readBigUInt64BE() };
  });
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.i - b.i));
  const kept = hashed.slice(0, count).map(({ i }) => i);
  return kept.sort((a, b) => a - b).map((i) => open[i]!);
}

/**
 * The time of a label in microseconds. An invalid time becomes 0 here, and an error when the table of labels
 * is made.
 */
function microsOf(time: Label["predictionTime"]): bigint {
  if (isDate(time)) return Number.isNaN(time.getTime()) ? 0n : BigInt(time.getTime()) * 1000n;
  return typeof time === "bigint" || Number.isSafeInteger(time) ? BigInt(time) : 0n;
}
