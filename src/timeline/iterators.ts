// Iterators over events. Each is its own result and creates the event only when `value` is read: V8 then
// allocates neither a result nor an event in a `for…of` loop, which halves its time (a generator would double
// it).
import type { Shard } from "../store/shard.js";
import { Event } from "./event.js";
import type { Rows } from "./rows.js";

/** Iterates over one run of rows. */
export class RunIterator<S extends object> implements IterableIterator<Event<S>> {
  private row: number;

  constructor(
    private readonly shard: Shard,
    private readonly patient: number,
    begin: number,
    private readonly stop: number,
  ) {
    this.row = begin - 1;
  }

  next(): IteratorResult<Event<S>> {
    if (!this.shard.live) this.shard.check();
    this.row += 1;
    return this as unknown as IteratorResult<Event<S>>;
  }

  [Symbol.iterator](): this {
    return this;
  }

  get done(): boolean {
    return this.row >= this.stop;
  }

  get value(): Event<S> | undefined {
    return this.row >= this.stop ? undefined : new Event<S>(this.shard, this.row, this.patient);
  }
}

/** Iterates over a list of rows. */
export class ListIterator<S extends object> implements IterableIterator<Event<S>> {
  private index = -1;

  constructor(
    private readonly shard: Shard,
    private readonly patient: number,
    private readonly list: Uint32Array,
  ) {}

  next(): IteratorResult<Event<S>> {
    if (!this.shard.live) this.shard.check();
    this.index += 1;
    return this as unknown as IteratorResult<Event<S>>;
  }

  [Symbol.iterator](): this {
    return this;
  }

  get done(): boolean {
    return this.index >= this.list.length;
  }

  get value(): Event<S> | undefined {
    return this.index >= this.list.length ? undefined : new Event<S>(this.shard, this.list[this.index]!, this.patient);
  }
}

/** Iterates over rows of any kind, forwards or backwards. */
export class StepIterator<S extends object> implements IterableIterator<Event<S>> {
  private index: number;

  constructor(
    private readonly shard: Shard,
    private readonly patient: number,
    private readonly rows: Rows,
    private readonly step: 1 | -1,
  ) {
    this.index = step === 1 ? -1 : rows.length;
  }

  next(): IteratorResult<Event<S>> {
    if (!this.shard.live) this.shard.check();
    this.index += this.step;
    return this as unknown as IteratorResult<Event<S>>;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** What `JSON.stringify` writes: as for other iterators. The user holds this one. */
  toJSON(): object {
    return {};
  }

  get done(): boolean {
    return !(this.index >= 0 && this.index < this.rows.length);
  }

  get value(): Event<S> | undefined {
    const { index, rows } = this;
    if (!(index >= 0 && index < rows.length)) return undefined;
    const row = rows._rows === null ? rows._begin + index + (index < rows.staticCount ? 0 : rows._gap) : rows._rows[index]!;
    return new Event<S>(this.shard, row, this.patient);
  }
}
