import type { LabelRow, Labels } from "../labels/labels.js";
import type { Store } from "../store/store.js";
import type { PassReport } from "./pass.js";

/**
 * Labels by the patients of a cohort, for any order of the table. Every label that is left out is counted.
 */
export class LabelledPatients {
  readonly report: Omit<PassReport, "patients" | "chunks">;
  /** Slots of the patients that a pass reads. */
  readonly slots: Uint32Array;
  /** Rows of the table by slot, in the order of the table. */
  private readonly rows = new Map<number, number[]>();

  constructor(
    store: Store,
    cohort: Uint32Array,
    private readonly labels: Labels,
    includesUnlabelled: boolean,
  ) {
    const members = new Set(cohort);
    const unknown = new Set<bigint>();
    const counts = { labels: 0, unknownLabels: 0, outsideLabels: 0 };
    for (const [row, id] of labels.subjectIds.entries()) {
      const index = store.find(id);
      const slot = index < 0 ? -1 : store.slotOf(index);
      if (slot < 0) {
        unknown.add(id);
        counts.unknownLabels += 1;
      } else if (!members.has(slot)) counts.outsideLabels += 1;
      else {
        counts.labels += 1;
        const own = this.rows.get(slot);
        if (own === undefined) this.rows.set(slot, [row]);
        else own.push(row);
      }
    }
    this.slots = includesUnlabelled ? cohort : cohort.filter((slot) => this.rows.has(slot));
    this.report = { ...counts, unknownSubjects: unknown.size, unlabelledPatients: cohort.length - this.rows.size };
  }

  /** The labels for each slot. */
  readonly of = (slots: Uint32Array): LabelRow[][] =>
    Array.from(slots, (slot) => (this.rows.get(slot) ?? []).map((row) => this.labels.at(row)!));
}
