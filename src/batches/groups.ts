// Combines the samples of an order into batches.
import { conflict } from "../support/arguments.js";
import { Random } from "../support/random.js";
import type { LoaderState } from "./batch.js";

/** How samples are combined into batches, and in which order. */
export interface Grouping {
  /** Rows per packed batch; null where `batchSize` counts samples. */
  readonly tokens: number | null;
  /** Samples per batch; 0 for packed batches. */
  readonly batchSize: number;
  /** Number of batches whose samples are sorted by length; 1: not sorted. */
  readonly bucket: number;
  readonly shuffle: boolean | "local";
  readonly seed: number;
  readonly epoch: number;
}

/** Samples of one batch, before a rank receives it. */
export interface Group {
  readonly members: Uint32Array;
  /** Number of samples in the order up to the end of this batch. */
  readonly position: number;
}

/** Random stream of buckets: different from the streams of windows and order. */
const BUCKETS = 3_000_000;

/** The groups of an order, from `start`. `lengthOf` returns the number of rows of a sample. */
export function groupsOf(
  order: Uint32Array,
  grouping: Grouping,
  start: Pick<LoaderState, "batches" | "position">,
  lengthOf: (sample: number) => number,
): Iterable<Group> {
  if (grouping.tokens !== null) return packs(order, start.position, grouping.tokens, lengthOf);
  if (grouping.bucket > 1) return buckets(order, grouping, start.batches, lengthOf);
  return slices(order, grouping.batchSize, start.batches);
}

/** Consecutive samples, `batchSize` per batch. */
function* slices(order: Uint32Array, batchSize: number, dealt: number): Generator<Group> {
  for (let begin = dealt * batchSize; begin < order.length; begin += batchSize) {
    const members = order.subarray(begin, begin + batchSize);
    yield { members, position: begin + members.length };
  }
}

/** Packed batches: consecutive samples, as many as fit. */
function* packs(order: Uint32Array, from: number, tokens: number, lengthOf: (sample: number) => number): Generator<Group> {
  let begin = from;
  let filled = 0;
  for (let at = from; at < order.length; at += 1) {
    const length = lengthOf(order[at]!);
    if (length > tokens)
      conflict(`Sample ${order[at]} has ${length} rows, more than \`tokens\` (${tokens}). Raise \`tokens\` or lower \`maxLength\`.`);
    if (filled + length > tokens) {
      yield { members: order.subarray(begin, at), position: at };
      begin = at;
      filled = 0;
    }
    filled += length;
  }
  if (begin < order.length) yield { members: order.subarray(begin), position: order.length };
}

/**
 * Sorts the samples of `bucket` batches by length, cuts them into batches and shuffles the batches. A batch
 * that is not full stays last.
 */
function* buckets(
  order: Uint32Array,
  { batchSize, bucket, shuffle, seed, epoch }: Grouping,
  dealt: number,
  lengthOf: (sample: number) => number,
): Generator<Group> {
  const whole = batchSize * bucket;
  for (let pool = Math.floor(dealt / bucket); pool * whole < order.length; pool += 1) {
    const members = order.subarray(pool * whole, (pool + 1) * whole);
    const lengths = new Map(Array.from(members, (sample) => [sample, lengthOf(sample)]));
    const sorted = members.slice().sort((a, b) => lengths.get(a)! - lengths.get(b)!);
    const full = Math.floor(sorted.length / batchSize);
    const turn = shuffle === false ? null : new Random(seed, epoch, BUCKETS + pool).permutation(full);
    const count = Math.ceil(sorted.length / batchSize);
    for (let i = pool * bucket < dealt ? dealt - pool * bucket : 0; i < count; i += 1) {
      const begin = (i < full && turn !== null ? turn[i]! : i) * batchSize;
      yield { members: sorted.subarray(begin, begin + batchSize), position: pool * whole + Math.min(sorted.length, (i + 1) * batchSize) };
    }
  }
}
