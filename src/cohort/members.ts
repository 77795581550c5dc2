// The data of a cohort: which patients it contains. The class Cohort adds what is asked of them.

import type { ColdReads, ColdScan } from "../store/cold.js";
import { lowerBound } from "../store/cursor.js";
import { failUnknown, type SubjectId } from "../store/ids.js";
import type { NativeScan } from "../store/native.js";
import type { Store } from "../store/store.js";
import { conflict, expected, namesIn, shown } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { Patient } from "../timeline/patient.js";

/**
 * Which patients a cohort contains: subject ids, or slots (a patient's index in storage order: {@link
 * Timeline.slot}).
 */
export type PatientChoice = Iterable<SubjectId> | { readonly ids: Iterable<SubjectId> } | { readonly slots: Iterable<number> };

/** Which shards of a store: their numbers, from 0; or those from a number up to, but not including, another. */
export type ShardChoice = Iterable<number> | { readonly from?: number | undefined; readonly to?: number | undefined };

/** Some patients of a store, in storage order. */
export interface Members {
  readonly _store: Store;
  /** Ascending; null for all patients. */
  readonly _slots: Uint32Array | null;
  /**
   * The split that contains them all, where the caller named one. Without a split nothing may be fitted on
   * them.
   */
  readonly _split: string | null;
}

export function sizeOf({ _store: store, _slots: slots }: Members): number {
  store.check();
  return slots === null ? store.size : slots.length;
}

/** Number of rows. */
export function eventCountOf({ _store: store, _slots: slots }: Members): number {
  store.check();
  if (slots === null) return store.manifest.counts.events;
  return slots.reduce((sum, slot) => sum + store.eventsOf[store.indexOf[slot]!]!, 0);
}

/** A copy of the slots, ascending. */
export function slotsOf({ _store: store, _slots: slots }: Members): Uint32Array {
  store.check();
  if (slots !== null) return slots.slice();
  // Loops: with a function for each of ten million patients, `from` takes seconds.
  const all = new Uint32Array(store.size);
  for (let slot = 0; slot < all.length; slot += 1) all[slot] = slot;
  return all;
}

/** A copy of the subject ids, in storage order. */
export function subjectIdsOf(members: Members): BigInt64Array {
  const { ids, indexOf } = members._store;
  const slots = slotsOf(members);
  const found = new BigInt64Array(slots.length);
  for (let i = 0; i < slots.length; i += 1) found[i] = ids[indexOf[slots[i]!]!]!;
  return found;
}

/** Row in patients.arrow of a subject; -1 where it is not a member. */
export function indexIn({ _store: store, _slots: slots }: Members, id: SubjectId): number {
  const index = store.find(id);
  return index < 0 || slots === null || contains(slots, store.slotOf(index)) ? index : -1;
}

/** Some of the members, each once. */
export function subsetOf(members: Members, choice: PatientChoice): Members {
  const { _store: store, _split: split } = members;
  store.check();
  if (typeof choice === "object" && choice !== null && "_store" in choice && choice._store !== store)
    conflict(
      "These patients are from another database, in which slots mean other patients. Choose them by ids: { ids: cohort.subjectIds }.",
    );
  const slots: number[] = [];
  const [kind, chosen] = chosenBy(choice);
  if (kind === "slots") {
    for (const slot of chosen as Iterable<number>) {
      if (!(Number.isInteger(slot) && hasSlot(members, slot))) failUnknown(`slot ${shown(slot)}`, store.path);
      slots.push(slot);
    }
  } else {
    for (const id of chosen as Iterable<SubjectId>) {
      const index = indexIn(members, id);
      if (index < 0) failUnknown(`subject ${id}`, store.path);
      slots.push(store.slotOf(index));
    }
  }
  return { _store: store, _slots: Uint32Array.from(new Set(slots)).sort(), _split: split };
}

/** The members that are in a split. */
export function splitOf(members: Members, name: string): Members {
  const { _store: store } = members;
  store.check();
  store.checkSplit("name", name);
  const [slots, isIn, { indexOf }] = [slotsOf(members), store.inSplit(name), store];
  let count = 0;
  for (let i = 0; i < slots.length; i += 1) {
    const slot = slots[i]!;
    if (isIn(indexOf[slot]!)) {
      slots[count] = slot;
      count += 1;
    }
  }
  return { _store: store, _slots: slots.slice(0, count), _split: name };
}

/** The members that are in some shards. */
export function inShards(members: Members, choice: ShardChoice): Members {
  const { _store: store, _split: split } = members;
  store.check();
  const chosen = new Set(shardsIn(store, choice));
  const isChosen = (slot: number) => chosen.has(store.shardOf[store.indexOf[slot]!]!);
  return { _store: store, _slots: slotsOf(members).filter(isChosen), _split: split };
}

function shardsIn(store: Store, choice: ShardChoice): Iterable<number> {
  const count = store.manifest.shards.length;
  const object: object = typeof choice === "object" && choice !== null ? choice : expected("The choice of shards", choice, SHARDS);
  if (Symbol.iterator in object) {
    const shards = [...(object as Iterable<number>)];
    for (const shard of shards)
      if (!(Number.isInteger(shard) && shard >= 0 && shard < count)) failShard(store, `there is no shard ${shown(shard)}`);
    return shards;
  }
  namesIn("a choice of shards", object, ["from", "to"]);
  const { from = 0, to = count } = object as { readonly from?: number; readonly to?: number };
  const isBound = (bound: number) => Number.isInteger(bound) && bound >= 0 && bound <= count;
  if (!(isBound(from) && isBound(to) && from <= to)) failShard(store, `the shards from ${shown(from)} to ${shown(to)} do not exist`);
  return Array.from({ length: to - from }, (_, i) => from + i);
}

const SHARDS = "an iterable of numbers of shards, or { from, to }";

function failShard(store: Store, what: string): never {
  fail("MEDS_OUT_OF_RANGE", `${store.path}: ${what}. The store has ${store.manifest.shards.length} shards, counted from 0.`, store.path);
}

function hasSlot({ _store: store, _slots: slots }: Members, slot: number): boolean {
  return slots === null ? slot >= 0 && slot < store.size : contains(slots, slot);
}

/** Whether a choice is by ids or by slots, and these. */
function chosenBy(choice: PatientChoice): ["ids" | "slots", Iterable<unknown>] {
  // A string is an iterable of its letters: that is never meant.
  const object: object = typeof choice === "object" && choice !== null ? choice : {};
  if (!(Symbol.iterator in object)) namesIn("a choice of patients", object, ["ids", "slots"]);
  if ("slots" in object && "ids" in object) conflict("The choice of patients has `ids` and `slots`. Set one of them.");
  const kind = "slots" in object ? "slots" : "ids";
  const chosen: unknown = "slots" in object ? object.slots : "ids" in object ? object.ids : object;
  if (typeof chosen === "object" && chosen !== null && Symbol.iterator in chosen) return [kind, chosen as Iterable<unknown>];
  return expected("The choice of patients", choice, "an iterable of subject ids, { ids } or { slots }");
}

/** Do ascending slots contain this one? */
function contains(slots: Uint32Array, slot: number): boolean {
  return slots[lowerBound(slots, 0, slots.length, slot)] === slot;
}

/** Patients that are read before a scan begins: to begin a scan costs more than to read them. */
const FEW = 2;

/** What an iteration needs of a cohort. */
interface Iterated<S extends object> extends Members {
  readonly size: number;
  at(place: number): Patient<S> | undefined;
}

/** The patients of a cohort in storage order. */
export class PatientIterator<S extends object> implements IterableIterator<Patient<S>> {
  private taken = 0;
  private readonly size: number;
  private scan: NativeScan | undefined;
  /** The shards that are scanned, and the requests in the one that is not in memory. */
  private dense: ReadonlySet<number> = new Set();
  private cold: ColdReads | null = null;
  private coldScan: ColdScan | undefined;

  constructor(private readonly cohort: Iterated<S>) {
    this.size = cohort.size;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Patient<S>> {
    if (this.taken === this.size) return this.return();
    if (this.scan === undefined && this.taken >= FEW) this.begin();
    const value = this.cohort.at(this.taken) as Patient<S>;
    this.taken += 1;
    if (this.scan !== undefined && value._shard.cold !== this.cold) this.turn(value);
    this.coldScan?.reach(value._begin);
    return { done: false, value };
  }

  private begin(): void {
    const { _store: store, _slots: slots } = this.cohort;
    this.dense = new Set(store.native.dense(slots));
    this.scan = store.native.scan([...this.dense]);
  }

  /** The patients from here on are in another shard, or all of it is in memory now. */
  private turn({ _shard: shard }: Patient<S>): void {
    this.coldScan?.end();
    this.cold = shard.cold;
    this.coldScan = this.dense.has(shard.number) ? shard.cold?.scan() : undefined;
  }

  /** Also called if a loop ends early. A later loop continues from there. */
  return(): IteratorReturnResult<undefined> {
    this.scan?.end();
    this.scan = undefined;
    this.coldScan?.end();
    this.coldScan = undefined;
    this.cold = null;
    return { done: true, value: undefined };
  }
}
