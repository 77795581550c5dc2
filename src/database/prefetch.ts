import { type Members, type PatientChoice, subsetOf } from "../cohort/members.js";
import { type Windows, windowsOf } from "../cohort/windows.js";
import { failUnknown } from "../store/ids.js";
import type { WantedRows } from "../store/native.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn, optionsOf, textOf } from "../support/arguments.js";
import { Timeline } from "../timeline/timeline.js";

/** The part of {@link Samples} that a prefetch needs. */
export interface SampleList {
  readonly size: number;
  readonly report: object;
  /** @internal */
  readonly _store: Store;
  /** @internal The rows that the samples may have. */
  _wanted(): Rows;
}

/**
 * What is read soon: patients (subject ids, `{ ids }`, `{ slots }` or a cohort), a timeline or several, or windows
 * of them, windows that are not cut yet, or {@link Samples}.
 */
export type Prefetched = PatientChoice | Timeline | Iterable<Timeline> | Windows | SampleList;

type Rows = Omit<WantedRows, "columns" | "most">;

/** Options of {@link PatientDatabase.prefetch}. */
export interface PrefetchOptions {
  /** Names of the columns that are read. Default: `time`, `code` and `numeric_value`. */
  readonly columns?: readonly string[] | undefined;
}

const OPTIONS = Object.keys({ columns: true } satisfies Record<keyof PrefetchOptions, true>);
const USUAL = ["time", "code", "numeric_value"];
/** Numbers per entry: shard, row of the patient in the shard, first row, first row with a time, end. */
const WORDS = 5;

/** Requests rows from the disk. */
export async function prefetch(members: Members, what: Prefetched, options: PrefetchOptions | undefined): Promise<number> {
  const { _store: store } = members;
  store.check();
  const given = optionsOf(options) ?? {};
  namesIn("prefetch", given, OPTIONS);
  const columns = columnsOf(store, given.columns);
  return store.native.prefetch({ ...rowsOf(members, what), columns, most: store.room });
}

function columnsOf(store: Store, names: readonly string[] | undefined): string[] {
  if (names === undefined) return USUAL.filter((name) => store.hasColumn(name));
  if (!Array.isArray(names)) expected("columns", names, "a list of names of columns");
  return names.map((name) => store.columns[store.columnAt(textOf("columns", name))]!.name);
}

const ALL = { atStart: true, atEnd: true } as const;

function rowsOf(members: Members, what: Prefetched): Rows {
  const { _store: store } = members;
  if (typeof what === "object" && what !== null && "_wanted" in what) {
    if (what._store !== store) conflict("The samples are from another database. Prefetch them there.");
    return what._wanted();
  }
  if (what instanceof Timeline) return ofTimelines(store, [what]);
  if (typeof what === "object" && what !== null && "subjectIds" in what && !("_store" in what)) return ofWindows(store, what);
  if (typeof what === "object" && what !== null && Symbol.iterator in what && !("_store" in what)) {
    const all = [...(what as Iterable<unknown>)];
    if (all[0] instanceof Timeline) return ofTimelines(store, all);
    return ofPatients(store, subsetOf(members, all as never)._slots!);
  }
  const { _slots: slots } = subsetOf(members, what as PatientChoice);
  return ofPatients(store, slots!);
}

/** The rows of a patient: shard, row in the shard, first row, first row with a time, end. */
function patientRows(store: Store, index: number): [number, number, number, number, number] {
  const { number, offsets } = store.shard(store.shardOf[index]!);
  const patient = store.rowOf[index]!;
  return [number, patient, offsets[patient]!, offsets[patient]! + store.staticOf[index]!, offsets[patient + 1]!];
}

function ofPatients(store: Store, slots: Uint32Array): Rows {
  const spans = new Uint32Array(WORDS * slots.length);
  slots.forEach((slot, i) => {
    spans.set(patientRows(store, store.indexOf[slot]!), WORDS * i);
  });
  return { spans, ...ALL };
}

function ofTimelines(store: Store, all: readonly unknown[]): Rows {
  const spans: number[] = [];
  for (const line of all) {
    if (!(line instanceof Timeline)) return expected("The list of timelines", line, "a Timeline in each entry");
    const { _shard: shard, _patient: patient, _begin: begin, _gap: gap, _rows: list, length, staticCount } = line;
    if (shard.store !== store) conflict("A timeline is from another database. Prefetch it there.");
    const add = (from: number, to: number) => spans.push(shard.number, patient, from, from, to);
    if (list !== null) for (let i = 0; i < length; i += 1) add(list[i]!, list[i]! + 1);
    else if (gap === 0) add(begin, begin + length);
    else {
      add(begin, begin + staticCount);
      add(begin + gap + staticCount, begin + gap + length);
    }
  }
  return { spans: Uint32Array.from(spans), ...ALL };
}

function ofWindows(store: Store, windows: Windows): Rows {
  const { subjects, start, end, afterStart, beforeEnd, timedOnly, last } = windowsOf(store, windows);
  const spans = new Uint32Array(WORDS * subjects!.length);
  for (const times of [start, end])
    if (times !== null && times!.length !== subjects!.length)
      conflict(
        `The windows have ${subjects!.length} subjectIds, but ${times!.length} entries in a bound. Each must have one entry per window.`,
      );
  subjects!.forEach((id, i) => {
    const index = store.find(id);
    if (index < 0) failUnknown(`subject ${id}`, store.path);
    const rows = patientRows(store, index);
    if (timedOnly) rows[2] = rows[3];
    spans.set(rows, WORDS * i);
  });
  const bounds = { ...(start && { starts: start }), ...(end && { ends: end }), atStart: !afterStart, atEnd: !beforeEnd };
  return { spans, ...bounds, ...(last !== null && { last: last! }) };
}
