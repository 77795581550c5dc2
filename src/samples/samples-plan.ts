import { expected, INT32_MAX, namesIn, optionsOf, wholeOf } from "../support/arguments.js";
import { Parts } from "./parts.js";
import { Samples } from "./samples.js";

/** Options of {@link samplesPlan}. */
export interface SamplesPlanOptions {
  /** The rank, or all ranks of a machine. Default: 0. */
  readonly rank?: number | readonly number[] | undefined;
  /** Number of ranks. Default: 1. */
  readonly worldSize?: number | undefined;
}

/** What one rank, or the ranks of one machine, read of a store: see {@link samplesPlan}. */
export interface SamplesPlan {
  readonly ranks: readonly number[];
  readonly worldSize: number;
  /** Content id of the store, as its manifest has it: the plan is for this store only. */
  readonly storeId: string;
  /** Numbers of the shards, ascending: indexes of `shards` in the manifest. */
  readonly shards: readonly number[];
  /** The same as paths in the store, such as `shards/00003.arrow`. */
  readonly files: readonly string[];
  /** Bytes of these shards. */
  readonly bytes: number;
  /** Number of samples, and of their patients. */
  readonly samples: number;
  readonly patients: number;
}

/**
 * Which shards a rank reads with `order: "local"` ({@link LoaderOptions.order}): in every epoch, for every seed, and
 * after a resume with this number of ranks. It reads no other shard. A machine with several ranks names all of them.
 *
 * The samples in storage order are cut into parts with equal numbers of samples. A cut moves to the border of two
 * shards if it is near, at most a 32nd of a part away; a shard with a cut inside is in the plans of both ranks.
 *
 * No shard is read for it, nor for samples of labels or of a split (except `step_through` with labels; and for a
 * split, `codes`, `where`, `unit: "events"` and `staticUntil: "birth"`: these look at rows).
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option, and for more ranks than samples.
 * @example
 * ```ts
 * import { PatientDatabase, samples, samplesPlan } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 512 });
 * // The second of two machines, with two of four ranks.
 * const { files, bytes } = samplesPlan(list, { rank: [2, 3], worldSize: 4 });
 * console.log(files, bytes);
 * db.close();
 * ```
 */
export function samplesPlan(samples: Samples, options?: SamplesPlanOptions): SamplesPlan {
  if (!(samples instanceof Samples)) expected("samples", samples, "the result of samples(db, …)");
  const given = optionsOf(options) ?? {};
  namesIn("samplesPlan", given, ["rank", "worldSize"]);
  const { rank = 0 } = given;
  const worldSize = wholeOf("worldSize", given.worldSize ?? 1, 1, INT32_MAX);
  const named = typeof rank === "number" ? [rank] : rank;
  if (!Array.isArray(named) || named.length === 0) expected("rank", rank, "a number, or an array of at least one number");
  const ranks = [...new Set(named.map((own: number, i) => wholeOf(named === rank ? `rank[${i}]` : "rank", own, 0, worldSize - 1)))].sort(
    (a, b) => a - b,
  );
  const { _store: store, _index: index } = samples;
  store.check();
  const parts = new Parts(samples, worldSize);
  const shards = new Set<number>();
  const patients = new Set<number>();
  let count = 0;
  for (const own of ranks) {
    for (const sample of parts.of(own)) {
      count += 1;
      patients.add(index[sample]!);
      shards.add(store.shardOf[index[sample]!]!);
    }
  }
  const numbers = [...shards].sort((a, b) => a - b);
  const entries = numbers.map((shard) => store.manifest.shards[shard]!);
  return {
    ranks,
    worldSize,
    storeId: store.manifest.id,
    shards: numbers,
    files: entries.map(({ path }) => path),
    bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    samples: count,
    patients: patients.size,
  };
}
