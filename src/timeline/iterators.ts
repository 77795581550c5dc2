import type { Shard } from "../store/shard.js";
import { Event } from "./event.js";
import type { Timeline } from "./timeline.js";

/**
 * Iterates over one run of rows. It is its own result and creates the event only when `value` is read: V8
 * then allocates neither a result nor an event in a `for…of` loop, which halves its time (a generator would
 * double it).
 */
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

/** Iterates over rows that are not one run. */
export class RowIterator<S extends object> implements IterableIterator<Event<S>> {
  private index = 0;

  constructor(private readonly timeline: Timeline<S>) {}

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Event<S>> {
    if (this.index === this.timeline.length) return { done: true, value: undefined };
    this.timeline._shard.check();
    const value = this.timeline.at(this.index) as Event<S>;
    this.index += 1;
    return { done: false, value };
  }
}
