import { Random } from "../support/random.js";

/** Samples of a block, which stays together where an order keeps locality; and blocks that are mixed with each other. */
const BLOCK = 256;
const POOL = 16;
/** Apart from the numbers that windows are drawn by. */
const ORDER = 2;

/**
 * The order of all samples in an epoch, the same on every machine and for any number of ranks and workers: it depends on the number of samples, seed
 * and epoch only. `local` keeps neighbours in the store near each other: blocks of 256 are put in a random order, and mixed among 16 of them;
 * `stored` gives the samples as they lie in the store.
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
