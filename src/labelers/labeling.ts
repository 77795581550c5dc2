import { createHash } from "node:crypto";
import type { Label } from "../labels/labels.js";
import { type ChunkReader, type ReaderContext, type ReaderPlan, readerKind } from "../passes/reader.js";
import { shown } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { Patient } from "../timeline/patient.js";
import type { LabelPlan } from "./labeler.js";
import { outcomesOf } from "./outcome.js";
import { timesOf } from "./times.js";
import { valuesOf } from "./value.js";

/** How labels are made of a chunk of patients: plain data for workers. */
export interface LabelingTask {
  /** Null where a module's function is asked. */
  readonly plan: LabelPlan | null;
  readonly sample: SamplePlan | null;
}

/** Labels of a patient to keep, drawn. */
export interface SamplePlan {
  readonly count: number;
  readonly seed: bigint;
  readonly uncensored: boolean;
}

/** What a module's function gives for a patient: labels, one of them or many, or nothing. The subject may be left out. */
export type AskedLabel = Omit<Label, "subjectId"> & { readonly subjectId?: Label["subjectId"] };
export type Asked = Iterable<AskedLabel> | AskedLabel | null | undefined;

/** What labelers leave out, by the reason for it. */
export class Skipped {
  readonly counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
  }
}

/** The labels of a chunk, and what was left out. */
export interface Labelled {
  readonly labels: readonly Label[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** What a pass is told of a labeling. */
export const labeling: (task: LabelingTask) => ReaderPlan = readerKind("The labeler", (task, { ask }) => new Labeling(task, ask));

/** Makes labels of patients, one after another. */
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

function labelsOf(plan: LabelPlan, patient: Patient, skipped: Skipped): Label[] {
  if (plan.kind === "outcome") return outcomesOf(plan, patient, skipped);
  if (plan.kind === "value") return valuesOf(plan, patient, skipped);
  const { subjectId } = patient;
  return timesOf(plan.at, patient, skipped).map((predictionTime) => ({ subjectId, predictionTime }));
}

/** What a module's function gave, as labels of the patient that it was asked of. */
function asked(given: Asked, subjectId: bigint): Label[] {
  if (given === null || given === undefined) return [];
  const isMany = typeof given === "object" && Symbol.iterator in given;
  return Array.from(isMany ? given : [given], (label) => {
    if (typeof label !== "object" || label === null || !("predictionTime" in label))
      fail("MEDS_INVALID_ARGUMENT", `A label is ${shown(label)}. Give objects such as { predictionTime, booleanValue }, or nothing.`);
    if (label.subjectId !== undefined && BigInt(label.subjectId) !== subjectId)
      fail(
        "MEDS_INVALID_ARGUMENT",
        `A label is of subject ${label.subjectId}. Give labels of the patient that the function is asked of, or leave subjectId out.`,
      );
    return { ...label, subjectId };
  });
}

/**
 * Some of a patient's labels, in their order: those with the least hash of seed, subject and time. So they are the same in any order of patients and
 * any store, and a later label changes nothing about which of two earlier ones is preferred.
 */
function sampled(labels: readonly Label[], subjectId: bigint, { count, seed, uncensored }: SamplePlan): Label[] {
  const open = uncensored ? labels.filter(({ isCensored }) => isCensored !== true) : [...labels];
  if (open.length <= count) return open;
  const bytes = Buffer.alloc(24);
  bytes.writeBigInt64BE(seed, 0);
  bytes.writeBigInt64BE(subjectId, 8);
  const hashed = open.map((label, i) => {
    bytes.writeBigInt64BE(BigInt.asIntN(64, microsOf(label.predictionTime)), 16);
    return { i, hash: createHash("sha256").update(bytes).digest().readBigUInt64BE() };
  });
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.i - b.i));
  const kept = hashed.slice(0, count).map(({ i }) => i);
  return kept.sort((a, b) => a - b).map((i) => open[i]!);
}

/** A time as a label has it; one that is none is told where labels are put together. */
function microsOf(time: Label["predictionTime"]): bigint {
  if (time instanceof Date) return Number.isNaN(time.getTime()) ? 0n : BigInt(time.getTime()) * 1000n;
  return typeof time === "bigint" || Number.isSafeInteger(time) ? BigInt(time) : 0n;
}
