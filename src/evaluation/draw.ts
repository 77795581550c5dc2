// Few-shot selections where none are published: drawn as EHRSHOT draws them.
import { Random } from "../support/random.js";
import { ALL } from "./leaderboard.js";

/** Distinguishes these draws from others with the same seed. */
const [TRAIN, TUNING] = [5, 6] as const;

/**
 * k rows of each class. One random order of a class serves all k, so that a larger k contains a smaller one. A
 * class with fewer rows repeats some, also at random. Source: `get_k_samples` of EHRSHOT's
 * `6_generate_shots.py`.
 */
export function drawn(truths: Uint8Array, k: number, seed: number, replicate: number, part: "train" | "tuning"): number[] {
  const all = Array.from(truths.keys());
  if (k === ALL) return all;
  return [0, 1].flatMap((truth) => {
    const own = all.filter((row) => truths[row] === truth);
    if (own.length === 0) return [];
    const random = new Random(seed, 2 * replicate + truth, part === "train" ? TRAIN : TUNING);
    const order = random.permutation(own.length);
    return Array.from({ length: k }, (_, i) => own[i < own.length ? order[i]! : random.below(own.length, i)]!);
  });
}
