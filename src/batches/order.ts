import { Random } from "../support/random.js";

/** Samples per block, and blocks that are mixed with each other, where an order keeps locality. */
const BLOCK = 256;
const POOL = 16;
/** Random stream of orders: different from the streams that windows use. The parts of ranks are this far apart. */
const ORDER = 2;
const PART = 2 ** 23;

/** What an order depends on, beside the samples. */
export interface Ordering {
  readonly shuffle: boolean | "local";
  readonly seed: number;
  readonly epoch: number;
}

/**
 * The order of samples in an epoch. It is the same on every machine and for any number of workers. The samples are
 * given in ascending order, but for `shuffle: "local"` in storage order: this keeps neighbours in the store near each
 * other, because blocks of 256 samples are put in a random order, and the samples of every 16 blocks are mixed.
 * `part` is the rank whose part of the samples these are.
 */
export function orderOf(members: Uint32Array, { shuffle, seed, epoch }: Ordering, part = 0): Uint32Array {
  if (shuffle === false) return members;
  const use = ORDER + part * PART;
  const random = new Random(seed, epoch, use);
  const { length: size } = members;
  if (shuffle === true) return random.permutation(size).map((at) => members[at]!);
  const blocks = random.permutation(Math.ceil(size / BLOCK));
  const local = new Uint32Array(size);
  let at = 0;
  for (let pool = 0; pool < blocks.length; pool += POOL) {
    const begin = at;
    for (const block of blocks.subarray(pool, pool + POOL)) {
      const own = members.subarray(block * BLOCK, Math.min(size, (block + 1) * BLOCK));
      local.set(own, at);
      at += own.length;
    }
    new Random(seed, epoch, use + 1 + pool / POOL).shuffle(local.subarray(begin, at));
  }
  return local;
}
