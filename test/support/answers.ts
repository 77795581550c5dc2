// The expected results of queries, by plain loops over timelines.
import type {
  Aggregates,
  CodeCounts,
  CodeCountsEach,
  CodeRows,
  Cohort,
  Occurrences,
  Patient,
  PatientDatabase,
  Timeline,
  Windows,
} from "meds-reader";
import { same } from "./compare.js";

/** Windows whose bounds are exact. */
export type ExactWindows = Omit<Windows, "subjectIds" | "start" | "end"> & {
  readonly subjectIds: readonly bigint[];
  readonly start?: readonly bigint[] | undefined;
  readonly end?: readonly bigint[] | undefined;
};

const NO_TIME = -(2n ** 63n);

/** A group: its patient, and indexes of rows in the patient's timeline. */
interface Group {
  readonly patient: Patient;
  readonly rows: readonly number[];
}

/** The results of all queries for the groups. */
export class Answers {
  private readonly groups: readonly Group[];
  private readonly codes: number;

  constructor(
    db: PatientDatabase,
    cohort: Cohort,
    private readonly windows?: ExactWindows,
    private readonly chosen: ReadonlySet<number> | null = null,
  ) {
    this.codes = db.codes.size + 1;
    this.groups =
      windows === undefined
        ? Array.from(cohort, (patient) => ({ patient, rows: Array.from({ length: patient.length }, (_, i) => i) }))
        : windows.subjectIds.map((id, i) => {
            const patient = cohort.get(id)!;
            return { patient, rows: cut(patient, windows, windows.start?.[i], windows.end?.[i]) };
          });
  }

  countCodes(): CodeCounts {
    const events = new Float64Array(this.codes);
    const patients = new Uint32Array(this.codes);
    for (const { patient, rows } of this.groups) {
      const ids = rows.map((row) => patient.codeIds[row]!);
      for (const id of ids) events[id]! += 1;
      for (const id of new Set(ids)) patients[id]! += 1;
    }
    return { events, patients };
  }

  countCodesEach(): CodeCountsEach {
    const cells = this.cells();
    return {
      offsets: offsets(cells.map((group) => group.length)),
      codeIds: Uint32Array.from(cells.flat(), ({ id }) => id),
      counts: Uint32Array.from(cells.flat(), ({ rows }) => rows.length),
    };
  }

  aggregate(): Aggregates {
    const cells = this.cells();
    const all = cells.flat().map(({ id, patient, rows }) => {
      const values = rows.map((row) => patient.at(row)!.numericValue).filter((value) => value !== null);
      const some = (value: number) => (values.length > 0 ? value : Number.NaN);
      const sum = some(values.reduce((before, value) => before + value, 0));
      const [least, most] = [(a: number, b: number) => b < a || Number.isNaN(b), (a: number, b: number) => b > a || Number.isNaN(b)];
      return {
        id,
        count: rows.length,
        valueCount: values.length,
        sum,
        mean: sum / values.length,
        min: some(values.reduce((a, b) => (least(a, b) ? b : a), Number.POSITIVE_INFINITY)),
        max: some(values.reduce((a, b) => (most(a, b) ? b : a), Number.NEGATIVE_INFINITY)),
        last: values.at(-1) ?? Number.NaN,
      };
    });
    const numbers = (name: "sum" | "mean" | "min" | "max" | "last") => Float64Array.from(all, (cell) => cell[name]);
    return {
      offsets: offsets(cells.map((group) => group.length)),
      codeIds: Uint32Array.from(all, ({ id }) => id),
      count: Uint32Array.from(all, ({ count }) => count),
      valueCount: Uint32Array.from(all, ({ valueCount }) => valueCount),
      sum: numbers("sum"),
      mean: numbers("mean"),
      min: numbers("min"),
      max: numbers("max"),
      last: numbers("last"),
    };
  }

  occurrences(from: "firstOf" | "lastOf"): Occurrences {
    const found = this.groups.map(({ patient, rows }) => {
      const hits = this.matching(patient, rows);
      const row = from === "firstOf" ? hits[0] : hits.at(-1);
      return row === undefined
        ? { row: -1, time: NO_TIME, id: 0 }
        : { row, time: patient.at(row)!.timeMicros ?? NO_TIME, id: patient.codeIds[row]! };
    });
    return {
      rows: Int32Array.from(found, ({ row }) => row),
      times: BigInt64Array.from(found, ({ time }) => time),
      codeIds: Uint32Array.from(found, ({ id }) => id),
    };
  }

  rowsWithCode(): CodeRows {
    const found = this.groups.map(({ patient, rows }) => ({ slot: patient.slot, rows: this.matching(patient, rows) }));
    const kept = this.windows === undefined ? found.filter(({ rows }) => rows.length > 0) : found;
    return {
      slots: Uint32Array.from(kept, ({ slot }) => slot),
      offsets: offsets(kept.map(({ rows }) => rows.length)),
      rows: Uint32Array.from(kept.flatMap(({ rows }) => rows)),
    };
  }

  private matching(patient: Patient, rows: readonly number[]): number[] {
    return rows.filter((row) => this.chosen === null || this.chosen.has(patient.codeIds[row]!));
  }

  /** By group: its codes, ascending, with their rows. */
  private cells(): { readonly id: number; readonly patient: Patient; readonly rows: number[] }[][] {
    return this.groups.map(({ patient, rows }) => {
      const cells = new Map<number, number[]>();
      for (const row of this.matching(patient, rows)) {
        const id = patient.codeIds[row]!;
        cells.set(id, [...(cells.get(id) ?? []), row]);
      }
      return [...cells].sort(([a], [b]) => a - b).map(([id, own]) => ({ id, patient, rows: own }));
    });
  }
}

function offsets(lengths: readonly number[]): Float64Array {
  const ends = new Float64Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    ends[i + 1] = ends[i]! + length;
  });
  return ends;
}

/** Rows of a window: tests every row, and compares with the windows of the timeline. */
function cut(patient: Patient, windows: ExactWindows, start: bigint | undefined, end: bigint | undefined): number[] {
  const { inclusive = true, static: statics = true, last } = windows;
  const [atStart, atEnd] = [inclusive === true || inclusive === "start", inclusive === true || inclusive === "end"];
  const inside = (time: bigint | null) =>
    time === null
      ? statics
      : (start === undefined || time > start || (atStart && time === start)) &&
        (end === undefined || time < end || (atEnd && time === end));
  let rows = Array.from({ length: patient.length }, (_, i) => i).filter((i) => inside(patient.at(i)!.timeMicros));
  let line: Timeline = patient;
  if (start !== undefined && end !== undefined) line = patient.between(start, end, { inclusive, static: statics });
  else if (start !== undefined) line = patient.from(start, { inclusive: atStart, static: statics });
  else if (end !== undefined) line = patient.until(end, { inclusive: atEnd, static: statics });
  else if (!statics) line = patient.slice(patient.staticCount);
  if (last !== undefined) {
    rows = rows.slice(Math.max(0, rows.length - last));
    line = line.last(last);
  }
  same(
    [...line.codeIds],
    rows.map((row) => patient.codeIds[row]!),
    () => "codes of a window",
  );
  return rows;
}
