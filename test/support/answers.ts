// The expected results of queries, by plain loops over timelines.
import type {
  Aggregates,
  BinCounts,
  CodeCounts,
  CodeCountsEach,
  CodeRows,
  Cohort,
  Occurrences,
  Patient,
  PatientDatabase,
  TimeBin,
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
      subjectIds: this.subjectIds(),
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
      subjectIds: this.subjectIds(),
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
      subjectIds: this.subjectIds(),
      has: Uint8Array.from(found, ({ row }) => (row < 0 ? 0 : 1)),
      found: found.filter(({ row }) => row >= 0).length,
      rows: Int32Array.from(found, ({ row }) => row),
      times: BigInt64Array.from(found, ({ time }) => time),
      codeIds: Uint32Array.from(found, ({ id }) => id),
    };
  }

  /** The groups themselves. */
  groupsOf(): readonly Group[] {
    return this.groups;
  }

  /** The rows of {@link Cohort.select}, each with the number of its window. */
  selected(): readonly { readonly window: number; readonly patient: Patient; readonly row: number }[] {
    return this.groups.flatMap(({ patient, rows }, window) => this.matching(patient, rows).map((row) => ({ window, patient, row })));
  }

  /** The counts of {@link Cohort.countCodes} by time. */
  countBins<B extends TimeBin>(by: B): BinCounts<B> {
    const counts = new Map<number, Map<bigint, number>>();
    let withoutTime = 0;
    for (const { patient, row } of this.selected()) {
      const time = patient.at(row)!.timeMicros;
      if (time === null) {
        withoutTime += 1;
        continue;
      }
      const id = patient.codeIds[row]!;
      const bins = counts.get(id) ?? new Map<bigint, number>();
      counts.set(id, bins);
      const bin = binOf(time, by);
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }
    const entries = [...counts]
      .sort(([a], [b]) => a - b)
      .flatMap(([id, bins]) => [...bins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([bin, count]) => ({ id, bin, count })));
    const bins = entries.map(({ bin }) => bin);
    return {
      codeIds: Uint32Array.from(entries, ({ id }) => id),
      bins: (by === "year" ? Int32Array.from(bins, Number) : BigInt64Array.from(bins)) as BinCounts<B>["bins"],
      counts: Float64Array.from(entries, ({ count }) => count),
      withoutTime,
    };
  }

  private subjectIds(): BigInt64Array {
    return BigInt64Array.from(this.groups, ({ patient }) => patient.subjectId);
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

const DAY = 86_400_000_000n;
const floor = (a: bigint, b: bigint) => a / b - (a % b < 0n ? 1n : 0n);

/**
 * The bin of a time, by counting days of years: the calendar repeats after 400 years, which are brought into the
 * range of a Date.
 */
function binOf(time: bigint, by: TimeBin): bigint {
  const day = floor(time, DAY);
  if (typeof by === "object" || by === "day") {
    const days = by === "day" ? 1n : BigInt(by.days);
    return clamped(floor(day, days) * days * DAY);
  }
  const eras = floor(day, 146_097n);
  const date = new Date(Number(day - eras * 146_097n) * 86_400_000);
  if (by === "year") return BigInt(date.getUTCFullYear()) + 400n * eras;
  const month = BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)) / 86_400_000n;
  return clamped((month + eras * 146_097n) * DAY);
}

const clamped = (start: bigint) => (start < -(2n ** 63n) ? -(2n ** 63n) : start);

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
