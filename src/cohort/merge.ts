// Results of a query on parts of a cohort become the result on the whole cohort, to the last bit. Counts and
// exact sums are whole numbers, so they are added. A group (a patient or window) is in one part, so its entries
// are copied.
import type { SubjectId } from "../store/ids.js";
import { conflict, expected } from "../support/arguments.js";
import { exactAt, exactSums, floats, plus } from "../support/exact.js";
import type { AsOf } from "./as-of.js";
import type { BinCounts } from "./bin-counts.js";
import { type CodeAggregates, codeAggregatesOf } from "./code-aggregates.js";
import { type Aggregates, aggregatesOf, type CodeCounts, type CodeCountsEach, foundIn, type Occurrences } from "./query.js";

/** A result of a query that {@link mergeResults} merges. */
export type QueryResult = CodeCounts | CodeAggregates | BinCounts | CodeCountsEach | Aggregates | Occurrences | AsOf;

/** The query of a result: its results have the same members. */
export type ResultKind = "codeAggregates" | "codeCounts" | "binCounts" | "aggregates" | "codeCountsEach" | "asof" | "occurrences";

/** The first member that a result has says its kind. */
const KINDS: readonly (readonly [member: string, kind: ResultKind])[] = [
  ["squares", "codeAggregates"],
  ["bins", "binCounts"],
  ["valueCount", "aggregates"],
  ["offsets", "codeCountsEach"],
  ["values", "asof"],
  ["rows", "occurrences"],
  ["patients", "codeCounts"],
];

/** The kind of a result; undefined where a value is none. */
export function kindOf(result: unknown): ResultKind | undefined {
  return typeof result === "object" && result !== null ? KINDS.find(([member]) => member in result)?.[1] : undefined;
}

/**
 * Merges the results of one query on parts of a cohort, such as `db.shards([0, 1])` and `db.shards([2])`, to
 * the result on the whole cohort: equal to the last bit, however the cohort is divided. The patients of two parts
 * must differ; a part can be empty.
 *
 * Merges what `countCodes` (also `by` time), `aggregateCodes`, `countCodesEach`, `aggregate`, `firstOf`, `lastOf`
 * and `asof` return. The first two add counts and exact sums, so the order of the parts does not matter. The
 * others have entries per patient, or per window: they are in the order of the parts, which must be that of the
 * shards; or else in that of `order`.
 *
 * @param order The subject ids of the patients (`cohort.subjectIds`) or of the windows, in the order of the
 * result. Required where parts are not in order of their shards, and where the windows of two parts alternate.
 * @throws MedsError `MEDS_INVALID_ARGUMENT` without parts, for results of different queries or stores, and for
 * an order that is not that of the parts.
 * @example
 * ```ts
 * import { mergeResults, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * // On other machines, for example:
 * const parts = await Promise.all(Array.from({ length: db.metadata.shards }, (_, shard) => db.shards([shard]).aggregateCodes()));
 * const { mean, std } = mergeResults(parts);
 * const id = db.codes.withPrefix("LAB//").begin;
 * console.log(db.codes.strings[id], mean[id], std[id]);
 *
 * const births = await Promise.all([db.shards({ from: 1 }), db.shards({ to: 1 })].map((part) => part.firstOf("MEDS_BIRTH")));
 * console.log(mergeResults(births, db.subjectIds).times[0]); // as in db.firstOf("MEDS_BIRTH")
 * db.close();
 * ```
 */
export function mergeResults<R extends QueryResult>(parts: Iterable<R>, order?: Iterable<SubjectId>): R {
  const all = [...parts];
  const [kind, ...others] = new Set(all.map(kindOf));
  if (kind === undefined || others.length > 0)
    conflict(
      "The parts are not results of one query. Merge one or more results of the same method of a cohort, called with the same options.",
    );
  return MERGE[kind](all as never, orderOf(order)) as R;
}

type Order = readonly bigint[] | null;

function orderOf(order: Iterable<SubjectId> | undefined): Order {
  if (order === undefined) return null;
  const isIterable = typeof order === "object" && order !== null && Symbol.iterator in order;
  const ids: readonly SubjectId[] = isIterable ? Array.from(order) : expected("order", order, ORDER);
  return ids.map((id) => (typeof id === "bigint" || Number.isSafeInteger(id) ? BigInt(id) : expected("An entry of `order`", id, ORDER)));
}

const ORDER = "a list of subject ids, such as cohort.subjectIds";

const MERGE = {
  codeCounts: (parts: readonly CodeCounts[]): CodeCounts => countsOf(parts),
  codeAggregates: aggregatesOfCodes,
  binCounts: bins,
  codeCountsEach: (parts: readonly CodeCountsEach[], order: Order): CodeCountsEach => {
    const runs = runsOf(parts, order);
    return { ...entriesOf(parts, runs, ["codeIds", "counts"]), subjectIds: joined(parts, runs, "subjectIds") };
  },
  aggregates: (parts: readonly Aggregates[], order: Order): Aggregates => {
    const runs = runsOf(parts, order);
    const entries = entriesOf(parts, runs, ["codeIds", "count", "valueCount", "sum", "min", "max", "last"]);
    return aggregatesOf({ ...entries, subjectIds: joined(parts, runs, "subjectIds") });
  },
  asof: (parts: readonly AsOf[], order: Order): AsOf => {
    const runs = runsOf(parts, order);
    const column = (name: string) => runs.flatMap(({ part, begin, end }) => parts[part]!.columns[name]!.slice(begin, end));
    const columns = Object.fromEntries(Object.keys(parts[0]!.columns).map((name) => [name, column(name)]));
    return { ...occurrencesOf(parts, runs), values: joined(parts, runs, "values"), columns };
  },
  occurrences: (parts: readonly Occurrences[], order: Order): Occurrences => occurrencesOf(parts, runsOf(parts, order)),
} satisfies Record<ResultKind, unknown>;

type Typed = Float64Array | Uint32Array | Int32Array | BigInt64Array | Uint8Array;

function lengthIn(parts: readonly CodeCounts[]): number {
  const [length, ...others] = new Set(parts.map(({ events }) => events.length));
  if (others.length > 0)
    conflict("The parts have different numbers of codes: they are results of different stores. Merge those of one store.");
  return length!;
}

function countsOf(parts: readonly CodeCounts[]): CodeCounts {
  const length = lengthIn(parts);
  const [events, patients] = [new Float64Array(length), new Uint32Array(length)];
  for (const part of parts) {
    for (let id = 0; id < length; id += 1) {
      events[id]! += part.events[id]!;
      patients[id]! += part.patients[id]!;
    }
  }
  return { events, patients };
}

function aggregatesOfCodes(parts: readonly CodeAggregates[]): CodeAggregates {
  const counts = countsOf(parts);
  const own = (id: number) => parts.filter(({ valueCount }) => valueCount[id]! > 0);
  const ids = Array.from(counts.events, (_, id) => own(id));
  // NaN of one part is NaN of all, and -0 is less than 0.
  const extreme = (name: "min" | "max", of: (a: number, b: number) => number) =>
    floats(ids.map((some, id) => (some.length === 0 ? Number.NaN : some.map((part) => part[name][id]!).reduce((a, b) => of(a, b)))));
  const exact = (name: "sums" | "squares") =>
    exactSums(ids.map((some, id) => some.map((part) => exactAt(part[name], id)).reduce(plus, { whole: 0n, exponent: 0 })));
  return codeAggregatesOf({
    ...counts,
    valueCount: Float64Array.from(ids, (some, id) => some.reduce((sum, { valueCount }) => sum + valueCount[id]!, 0)),
    min: extreme("min", Math.min),
    max: extreme("max", Math.max),
    sums: exact("sums"),
    squares: exact("squares"),
  });
}

/** Entries of each part are sorted by code and bin. */
function bins(parts: readonly BinCounts[]): BinCounts {
  const codes = new Map<number, Map<number | bigint, number>>();
  for (const { codeIds, bins: begins, counts } of parts) {
    for (let i = 0; i < counts.length; i += 1) {
      const own = codes.get(codeIds[i]!) ?? new Map<number | bigint, number>();
      codes.set(codeIds[i]!, own);
      own.set(begins[i]!, (own.get(begins[i]!) ?? 0) + counts[i]!);
    }
  }
  const least = (a: number | bigint, b: number | bigint) => (a < b ? -1 : 1);
  const sorted = [...codes]
    .sort(([a], [b]) => a - b)
    .flatMap(([id, own]) => [...own].sort(([a], [b]) => least(a, b)).map((bin) => [id, ...bin] as const));
  const starts = empty(parts[0]!.bins, sorted.length);
  sorted.forEach(([, bin], i) => {
    starts[i] = bin as never;
  });
  return {
    codeIds: Uint32Array.from(sorted, ([id]) => id),
    bins: starts as BigInt64Array,
    counts: Float64Array.from(sorted, ([, , count]) => count),
    withoutTime: parts.reduce((sum, { withoutTime }) => sum + withoutTime, 0),
  };
}

function occurrencesOf(parts: readonly Occurrences[], runs: readonly Run[]): Occurrences {
  const rows = joined(parts, runs, "rows");
  const [subjectIds, times, codeIds] = [joined(parts, runs, "subjectIds"), joined(parts, runs, "times"), joined(parts, runs, "codeIds")];
  return { subjectIds, ...foundIn(rows), rows, times, codeIds };
}

/** Groups of a part that follow each other in the result. */
interface Run {
  readonly part: number;
  readonly begin: number;
  end: number;
}

/** Where the groups of the result are. */
function runsOf(parts: readonly { readonly subjectIds: BigInt64Array }[], order: Order): Run[] {
  if (order === null) return parts.map(({ subjectIds }, part) => ({ part, begin: 0, end: subjectIds.length }));
  const next = parts.map(() => 0);
  /** The part of each subject that is next in one. */
  const heads = new Map<bigint, number>();
  const open = (part: number) => {
    const subject = parts[part]!.subjectIds[next[part]!];
    if (subject === undefined) return;
    if ((heads.get(subject) ?? part) !== part) conflict(`Subject ${subject} is in two parts. The patients of two parts must differ.`);
    heads.set(subject, part);
  };
  parts.forEach((_, part) => {
    open(part);
  });
  const runs: Run[] = [];
  for (const subject of order) {
    const part = heads.get(subject);
    if (part === undefined)
      return conflict(
        `No part has subject ${subject} next. \`order\` must list the subjects of all groups of the parts, and those of a part in its order.`,
      );
    heads.delete(subject);
    const begin = next[part]!;
    next[part] = begin + 1;
    open(part);
    const last = runs.at(-1);
    if (last?.part === part) last.end = begin + 1;
    else runs.push({ part, begin, end: begin + 1 });
  }
  if (heads.size > 0) conflict(`The parts have more groups than \`order\` has subjects: it lacks subject ${[...heads.keys()][0]}.`);
  return runs;
}

/** A zeroed array of the same type. */
function empty<A extends Typed>(like: A, length: number): A {
  return new (like.constructor as new (length: number) => A)(length);
}

/** A column of the groups of all runs. */
function joined<K extends string, A extends { readonly [name in K]: Typed }>(parts: readonly A[], runs: readonly Run[], name: K): A[K] {
  return copied(
    parts,
    runs.map(({ part, begin, end }) => [part, begin, end]),
    name,
  );
}

/** Some spans of the parts of a column. */
function copied<K extends string, A extends { readonly [name in K]: Typed }>(parts: readonly A[], spans: readonly Span[], name: K): A[K] {
  const length = spans.reduce((sum, [, begin, end]) => sum + end - begin, 0);
  const all = empty(parts[0]![name], length);
  let at = 0;
  for (const [part, begin, end] of spans) {
    all.set(parts[part]![name].subarray(begin, end) as never, at);
    at += end - begin;
  }
  return all;
}

type Span = readonly [part: number, begin: number, end: number];

/** Offsets and columns of the entries of the groups of all runs. */
function entriesOf<K extends string, P extends { readonly offsets: Float64Array } & { readonly [name in K]: Typed }>(
  parts: readonly P[],
  runs: readonly Run[],
  names: readonly K[],
): { readonly offsets: Float64Array } & { readonly [name in K]: P[name] } {
  const offsets = new Float64Array(runs.reduce((sum, { begin, end }) => sum + end - begin, 1));
  let group = 0;
  for (const { part, begin, end } of runs) {
    const own = parts[part]!.offsets;
    const shift = offsets[group]! - own[begin]!;
    for (let i = begin + 1; i <= end; i += 1) {
      group += 1;
      offsets[group] = own[i]! + shift;
    }
  }
  const spans = runs.map(({ part, begin, end }): Span => [part, parts[part]!.offsets[begin]!, parts[part]!.offsets[end]!]);
  const columns = Object.fromEntries(names.map((name) => [name, copied<K, P>(parts, spans, name)]));
  return { offsets, ...columns } as { readonly offsets: Float64Array } & { readonly [name in K]: P[name] };
}
