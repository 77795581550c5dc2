import { type LabelRow, Labels, type LabelTable } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import { shared } from "./board.js";
import type { PassReport } from "./pass.js";

/** The labels of a pass's patients, as plain data for workers. */
export interface LabelPlan {
  readonly table: LabelTable;
  /** The patient at place p of the pass has the `rows` from `offsets[p]` to just before `offsets[p + 1]`. */
  readonly offsets: Uint32Array;
  /** Rows of the table. Those of a patient are in the order of the table. */
  readonly rows: Uint32Array;
}

/**
 * Labels by the patients of a cohort, for any order of the table. Every label that is left out is counted.
 */
export class LabelledPatients {
  readonly report: Omit<PassReport, "patients" | "chunks">;
  /** Slots of the patients that a pass reads. */
  readonly slots: Uint32Array;
  readonly plan: LabelPlan;

  constructor(store: Store, cohort: Uint32Array, labels: Labels, includesUnlabelled: boolean) {
    const members = new Set(cohort);
    const unknown = new Set<bigint>();
    const counts = { labels: 0, unknownLabels: 0, outsideLabels: 0 };
    /** Rows of the table by slot, in the order of the table. */
    const bySlot = new Map<number, number[]>();
    for (const [row, id] of labels._table.subjectIds.entries()) {
      const index = store.find(id);
      const slot = index < 0 ? -1 : store.slotOf(index);
      if (slot < 0) {
        unknown.add(id);
        counts.unknownLabels += 1;
      } else if (!members.has(slot)) counts.outsideLabels += 1;
      else {
        counts.labels += 1;
        const own = bySlot.get(slot);
        if (own === undefined) bySlot.set(slot, [row]);
        else own.push(row);
      }
    }
    this.slots = includesUnlabelled ? cohort : cohort.filter((slot) => bySlot.has(slot));
    this.report = { ...counts, unknownSubjects: unknown.size, unlabelledPatients: cohort.length - bySlot.size };
    this.plan = planOf(labels._table, this.slots, bySlot, counts.labels);
  }
}

function planOf(table: LabelTable, slots: Uint32Array, bySlot: ReadonlyMap<number, readonly number[]>, count: number): LabelPlan {
  const offsets = new Uint32Array(slots.length + 1);
  const rows = new Uint32Array(count);
  let filled = 0;
  for (const [place, slot] of slots.entries()) {
    for (const row of bySlot.get(slot) ?? []) {
      rows[filled] = row;
      filled += 1;
    }
    offsets[place + 1] = filled;
  }
  return { table: sharedTable(table), offsets: shared(offsets), rows: shared(rows) };
}

/** A copy of a table that all threads share. */
function sharedTable({ subjectIds, predictionTimes, boolean, integer, float, categorical, censored }: LabelTable): LabelTable {
  return {
    subjectIds: shared(subjectIds),
    predictionTimes: shared(predictionTimes),
    boolean: boolean && shared(boolean),
    integer: integer && { values: shared(integer.values), valid: shared(integer.valid) },
    float: float && { values: shared(float.values), valid: shared(float.valid) },
    categorical: categorical && { indexes: shared(categorical.indexes), categories: categorical.categories },
    censored: censored && shared(censored),
  };
}

/** The labels of the patients of a plan, in a worker. */
export class PlacedLabels {
  private readonly labels: Labels;

  constructor(private readonly plan: LabelPlan) {
    this.labels = new Labels("labels", plan.table);
  }

  /** The labels of the patient at a place of the pass, in the order of the table. */
  at(place: number): LabelRow[] {
    const { offsets, rows } = this.plan;
    const found: LabelRow[] = [];
    for (let i = offsets[place]!; i < offsets[place + 1]!; i += 1) found.push(this.labels.at(rows[i]!)!);
    return found;
  }
}
