import type { Store } from "../store/store.js";
import type { Plan } from "./options.js";
import { STRATEGIES } from "./strategy.js";

/** Samples whose patients show whether the rows of all are in memory. */
const PROBES = 16;

/** Rows of a shard: [begin, end). */
interface Extent {
  readonly shard: number;
  readonly begin: number;
  readonly end: number;
}

/** What is needed of {@link Samples}. */
interface Located {
  readonly size: number;
  readonly _store: Store;
  readonly _plan: Plan;
  readonly _index: Uint32Array;
  readonly _cutoff: BigInt64Array;
  _knownEnds(members: Uint32Array, cutoffs: BigInt64Array, threads: number): Uint32Array;
}

/** Where the rows of some samples, or of all, are: in which shards, and whether in memory. */
export class Residence {
  private found: readonly number[] | null = null;
  private probed: readonly Extent[] | null = null;

  constructor(
    private readonly samples: Located,
    /** Null: all samples. */
    private readonly members: Uint32Array | null,
  ) {}

  /** The shards that are worth a scan when windows of these samples are read. */
  get dense(): readonly number[] {
    const { samples, members } = this;
    const { _store: store, _index: indexes } = samples;
    this.found ??= store.dense(members === null ? indexes : members.map((sample) => indexes[sample]!));
    return this.found;
  }

  /** Do the shards of these samples take at most half of the memory: see {@link Store.fits}. */
  get fits(): boolean {
    const { samples, members } = this;
    const { _store: store, _index: indexes } = samples;
    if (members === null || store.fits) return store.fits;
    const shards = new Set(Array.from(members, (sample) => store.shardOf[indexes[sample]!]!));
    return Array.from(shards, (shard) => store.manifest.shards[shard]!.bytes).reduce((sum, bytes) => sum + bytes, 0) <= store.room;
  }

  /** The rows of some samples, evenly chosen. Rows of other splits, and rows before the windows, may never be read. */
  get probes(): readonly Extent[] {
    this.probed ??= this.chosen();
    return this.probed;
  }

  private chosen(): Extent[] {
    const { _store: store, _index: indexes, _cutoff: cutoffs, _plan: plan, size: all } = this.samples;
    const size = this.members?.length ?? all;
    const members = Uint32Array.from({ length: Math.min(PROBES, size) }, (_, probe) => {
      const at = Math.floor((probe * size) / Math.min(PROBES, size));
      return this.members?.[at] ?? at;
    });
    const known = this.samples._knownEnds(
      members,
      BigInt64Array.from(members, (sample) => cutoffs[sample]!),
      1,
    );
    return Array.from(members, (sample, probe) => {
      const index = indexes[sample]!;
      const { number, offsets } = store.shard(store.shardOf[index]!);
      const [first, end] = [offsets[store.rowOf[index]!]!, known[probe]!];
      const most = STRATEGIES[plan.strategy].endsLast && !plan.byEvent && plan.keepsAll ? plan.maxLength : end;
      return { shard: number, begin: Math.max(first, end - most), end };
    });
  }

  /** Whether more than a quarter of the probes is not in memory. False where the system does not say. */
  get isCold(): boolean {
    const { probes, samples } = this;
    const { native } = samples._store;
    return 4 * probes.filter(({ shard, begin, end }) => native.isCold(shard, begin, end)).length > probes.length;
  }
}
