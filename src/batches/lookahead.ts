import { NO_CUTOFF } from "../samples/cutoff.js";
import type { Residence } from "../samples/residence.js";
import type { Samples } from "../samples/samples.js";
import { STRATEGIES } from "../samples/strategy.js";
import { Window } from "../samples/window.js";
import type { Random } from "../support/random.js";
import type { BatchField } from "./fields/fields.js";

/** Fields that need the values of rows. Codes and times are always read. */
const VALUES: readonly BatchField[] = ["numeric_value", "numeric_value_mask", "value_bin", "bag"];
/** Numbers per entry of a request for rows. */
const WORDS = 5;
/** Batches after which a probe is looked at again, while all are in memory. */
const EVERY = 8;

/**
 * Requests the rows of the next batches from the disk while earlier batches are made. It does nothing while
 * the store is in memory. It never changes what a batch contains: a wrong guess costs time.
 */
export class Lookahead {
  private readonly columns: string[];
  private readonly window: Window;
  /** Samples whose cut-offs are searched, and whose rows are requested next. */
  private searched: Uint32Array | null = null;
  /** The probe that is looked at next, and probes since one was not in memory. */
  private probe = 0;
  private warm = 0;
  private batches = 0;

  constructor(
    private readonly samples: Samples,
    fields: ReadonlySet<BatchField>,
    private readonly random: Random,
    private readonly residence: Residence,
    isCold: boolean,
  ) {
    const { _store: store, _plan: plan } = samples;
    const values = store.hasColumn("numeric_value") && VALUES.some((field) => fields.has(field));
    this.columns = values ? ["time", "code", "numeric_value"] : ["time", "code"];
    this.window = new Window(store, plan);
    if (!isCold) this.warm = residence.probes.length;
  }

  /** The next batch has these samples. */
  announce(members: Uint32Array): void {
    if (!this.isCold()) return;
    if (this.searched !== null) this.rows(this.searched);
    this.searched = null;
    const plan = this.samples._plan;
    if (STRATEGIES[plan.strategy].endsLast && !plan.byEvent && plan.keepsAll) this.ask(this.ends(members), plan.maxLength, this.columns);
    else {
      this.ask(this.ends(members), 1, ["time"]);
      this.searched = members;
    }
  }

  /** Looks at the rows of one probe at a time. The samples are warm once all of them were in memory. */
  private isCold(): boolean {
    const { _store: store } = this.samples;
    const { probes } = this.residence;
    const { length } = probes;
    if (length === 0) return false;
    this.batches += 1;
    if (this.warm === length && this.batches % EVERY !== 0) return false;
    const { shard, begin, end } = probes[this.probe]!;
    this.warm = store.native.isCold(shard, begin, end) ? 0 : Math.min(length, this.warm + 1);
    this.probe = (this.probe + 1) % length;
    return this.warm < length;
  }

  /** For each sample its patient's timed rows and the cut-off; then, where they are used, the static rows. */
  private ends(members: Uint32Array): Entries {
    const { _store: store, _index: indexes, _cutoff: all, _plan: plan } = this.samples;
    const size = plan.statics === "omit" ? members.length : 2 * members.length;
    const spans = new Uint32Array(WORDS * size);
    const cutoffs = new BigInt64Array(size).fill(NO_CUTOFF);
    for (let b = 0; b < members.length; b += 1) {
      const index = indexes[members[b]!]!;
      const { number, offsets } = store.shard(store.shardOf[index]!);
      const patient = store.rowOf[index]!;
      const first = offsets[patient]!;
      const timed = first + store.staticOf[index]!;
      spans.set([number, patient, timed, timed, offsets[patient + 1]!], WORDS * b);
      cutoffs[b] = all[members[b]!]!;
      if (size > members.length) spans.set([number, patient, first, timed, timed], WORDS * (members.length + b));
    }
    return { spans, cutoffs };
  }

  /** The rows that the strategy chooses, now that the cut-offs are in memory. */
  private rows(members: Uint32Array): void {
    const { samples, window, random } = this;
    const spans = new Uint32Array(WORDS * members.length);
    const cutoffs = BigInt64Array.from(members, (sample) => samples._cutoff[sample]!);
    const ends = samples._knownEnds(members, cutoffs, 1);
    for (let b = 0; b < members.length; b += 1) {
      samples._set(window, members[b]!, random, ends[b]!);
      const { length } = window;
      const begin = length === 0 ? 0 : window.row(0);
      spans.set([window.shard.number, window.patient, begin, begin, length === 0 ? 0 : window.row(length - 1) + 1], WORDS * b);
    }
    this.ask({ spans, cutoffs: new BigInt64Array(members.length).fill(NO_CUTOFF) }, null, this.columns);
  }

  private ask({ spans, cutoffs }: Entries, last: number | null, columns: readonly string[]): void {
    const { _store: store, _plan: plan } = this.samples;
    const bounds = { ends: cutoffs, atStart: true, atEnd: plan.inclusive };
    const rows = { spans, ...bounds, columns: [...columns], most: store.room, ...(last !== null && { last }) };
    // The batch itself reports what is wrong with the store.
    store.native.prefetch(rows).catch(() => {});
  }
}

/** Rows of samples, and the cut-off of each. */
interface Entries {
  readonly spans: Uint32Array;
  readonly cutoffs: BigInt64Array;
}
