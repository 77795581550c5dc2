import { Random } from "../support/random.js";

/** Samples per block, and blocks that are mixed with each other, where an order keeps locality. */
const BLOCK = 256;
const POOL = 16;
/** Random stream of orders: different from the streams that windows use. */
const ORDER = 2;

/**
 * The order of all samples in an epoch. It is the same on every machine and for any number of ranks and
 * workers: it depends on the number of samples, seed and epoch only. `local` keeps neighbours in the store
 * near each other: blocks of 256 samples are put in a random order, and the samples of every 16 blocks are
 * mixed. `stored` returns the samples in storage order.
 */
export function orderOf(size: number, shuffle: boolean | "local", seed: number, epoch: number, stored: () => Uint32Array): Uint32Array {
  const random = new Random(seed, epoch, ORDER);
  if (shuffle === true) return random.permutation(size);
  if (shuffle === false) return Uint32Array.from({ length: size }, (_, i) => i);
  const order = stored();
  const blocks = random.permutation(Math.ceil(size / BLOCK));
  const local = new Uint32Array(size);
  let at = 0;
  for (let pool = 0; pool < blocks.length; pool += POOL) {
    const begin = at;
    for (const block of blocks.subarray(pool, pool + POOL)) {
      const part = order.subarray(block * BLOCK, Math.min(size, (block + 1) * BLOCK));
      local.set(part, at);
      at += part.length;
    }
    new Random(seed, epoch, ORDER + 1 + pool / POOL).shuffle(local.subarray(begin, at));
  }
  return local;
}
