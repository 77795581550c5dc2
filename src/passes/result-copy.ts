import { types } from "node:util";
import { conflict, shown } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { isPlain } from "../support/realm.js";
import { Timeline } from "../timeline/timeline.js";

/** Is a buffer mapped memory of the store, or of the task's arguments: not the function's to give away. */
export type Lent = (buffer: ArrayBufferLike) => boolean;

/** Bytes of an array from which it is moved to the caller's thread. To copy a smaller one is as fast. */
const MOVED = 1 << 16;

/**
 * What a value consists of: only primitive values and copyable containers of these (`plain`); also parts of
 * buffers, timelines or the like (`parts`); also objects that only a structured clone copies (`other`).
 */
type Kind = "plain" | "parts" | "other";

/**
 * A copy of a result that the function yields, because it may change what it yielded before the result is
 * sent. A view of a part of a buffer becomes a copy of that part: a structured clone copies the whole buffer,
 * and the buffer of a timeline's arrays is a whole shard of the store.
 */
export function copied(value: unknown): unknown {
  return copyOf(value, null);
}

/** The last result of a function: as it is, but with copies of parts of buffers. */
export function last(value: unknown, lent: Lent): unknown {
  return kindOf(value, lent, new Set()) === "plain" ? value : copyOf(value, lent);
}

/**
 * The last result of a function that runs in the caller's thread: as {@link last}, and cloned as if it were
 * sent. With `isOwn` nothing else refers to the result, so only objects that a clone changes are cloned.
 */
export function lastHere(value: unknown, lent: Lent, isOwn: boolean): unknown {
  if (isOwn && kindOf(value, lent, new Set()) === "plain") return value;
  const sent = last(value, lent);
  return cloned(sent, movedIn(sent, lent));
}

/** The buffers in a last result that are moved to the caller's thread: whole ones of large arrays. */
export function movedIn(value: unknown, lent: Lent): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  eachLarge(value, 2, (buffer) => {
    if (!lent(buffer)) found.add(buffer);
  });
  return [...found];
}

/** The buffers that are in more than one of several last results. They are not moved with the first one. */
export function repeatedIn(values: readonly unknown[]): ReadonlySet<ArrayBufferLike> {
  const [seen, repeated] = [new Set<ArrayBufferLike>(), new Set<ArrayBufferLike>()];
  for (const value of values) {
    const own = new Set<ArrayBufferLike>();
    eachLarge(value, 2, (buffer) => own.add(buffer));
    for (const buffer of own) (seen.has(buffer) ? repeated : seen).add(buffer);
  }
  return repeated;
}

/** Calls a function for each whole buffer of a large array in a value, and in its members to a depth. */
function eachLarge(item: unknown, depth: number, call: (buffer: ArrayBuffer) => void): void {
  if (typeof item !== "object" || item === null) return;
  if (ArrayBuffer.isView(item)) {
    const { buffer, byteLength } = item;
    if (byteLength >= MOVED && !isPart(item) && !types.isSharedArrayBuffer(buffer)) call(buffer as ArrayBuffer);
  } else if (depth > 0 && (Array.isArray(item) || isPlain(item)))
    for (const member of Object.values(item)) eachLarge(member, depth - 1, call);
}

function failClone(error: unknown): never {
  const reason = (error as Error).message;
  fail(
    "MEDS_INVALID_ARGUMENT",
    `A result cannot be cloned to the caller's thread (${reason}). Return plain values, arrays, maps and typed arrays.`,
  );
}

/** Runs a call that clones results, and says so where one cannot be cloned. */
export function cloning<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    return failClone(error);
  }
}

function cloned(value: unknown, transfer: ArrayBuffer[]): unknown {
  return typeof value === "object" && value !== null ? cloning(() => structuredClone(value, { transfer })) : value;
}

/** Throws for a value that exists in its own thread only. */
function check(value: unknown): void {
  if (typeof value === "function" || typeof value === "symbol")
    conflict(
      `A result is ${shown(value)}, which cannot be cloned to the caller's thread. Return plain values, arrays, maps and typed arrays.`,
    );
  if (value instanceof Timeline)
    conflict(
      "A result is a patient or timeline, which cannot be sent to the caller's thread. Return single values, or a copy of its rows: patient.copy().",
    );
}

function kindOf(value: unknown, lent: Lent, seen: Set<object>): Kind {
  if (typeof value !== "object" || value === null) {
    check(value);
    return "plain";
  }
  if (ArrayBuffer.isView(value)) return isPart(value) || lent(value.buffer) ? "parts" : "plain";
  if (seen.has(value)) return "plain";
  seen.add(value);
  let kind: Kind = "plain";
  const look = (member: unknown) => {
    // Most members are numbers and text.
    if (typeof member === "number" || typeof member === "string") return;
    const own = kindOf(member, lent, seen);
    if (own !== "plain" && kind !== "other") kind = own;
  };
  if (Array.isArray(value)) value.forEach(look);
  else if (isPlain(value)) Object.values(value).forEach(look);
  else if (types.isSet(value)) value.forEach(look);
  else if (types.isMap(value)) {
    value.forEach((member, key) => {
      look(key);
      look(member);
    });
  } else if (!types.isDate(value)) {
    check(value);
    return "other";
  }
  return kind;
}

/** `lent` is null for a result that the function may still change: then whole buffers are copied too. */
function copyOf(value: unknown, lent: Lent | null): unknown {
  if (typeof value === "object" && value !== null) return new Copy(lent).of(value);
  check(value);
  return value;
}

/** Copies one value. An object that occurs twice in it is copied once, as by a structured clone. */
class Copy {
  private copies: Map<object, unknown> | null = null;

  constructor(private readonly lent: Lent | null) {}

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) {
      check(value);
      return value;
    }
    const known = this.copies?.get(value);
    if (known !== undefined) return known;
    if (isPlain(value)) return this.object(value);
    if (Array.isArray(value)) return this.array(value);
    if (ArrayBuffer.isView(value)) return this.keep(value, this.view(value));
    if (types.isDate(value)) return this.keep(value, new Date(value.getTime()));
    if (types.isMap(value)) {
      const copy = this.keep(value, new Map<unknown, unknown>());
      for (const [key, member] of value) copy.set(this.of(key), this.of(member));
      return copy;
    }
    if (types.isSet(value)) {
      const copy = this.keep(value, new Set<unknown>());
      for (const member of value) copy.add(this.of(member));
      return copy;
    }
    check(value);
    return this.keep(value, cloned(value, []));
  }

  private object(value: object): object {
    const copy: Record<string, unknown> = {};
    let isKept = false;
    for (const [name, member] of Object.entries(value)) {
      if (typeof member !== "object" || member === null) check(member);
      else if (!isKept) {
        // An object whose members are all primitive cannot contain itself.
        this.keep(value, copy);
        isKept = true;
      }
      const own = this.of(member);
      if (name === "__proto__") Object.defineProperty(copy, name, { value: own, writable: true, enumerable: true, configurable: true });
      else copy[name] = own;
    }
    return copy;
  }

  private array(value: readonly unknown[]): unknown[] {
    const copy = this.keep(value, new Array<unknown>(value.length));
    // Skips holes.
    value.forEach((member, i) => {
      copy[i] = this.of(member);
    });
    return copy;
  }

  private view(value: ArrayBufferView): ArrayBufferView {
    if (types.isSharedArrayBuffer(value.buffer)) return value;
    return this.lent === null || isPart(value) || this.lent(value.buffer) ? viewCopy(value) : value;
  }

  private keep<C>(value: object, copy: C): C {
    this.copies ??= new Map();
    this.copies.set(value, copy);
    return copy;
  }
}

function isPart({ buffer, byteLength }: ArrayBufferView): boolean {
  return !types.isSharedArrayBuffer(buffer) && byteLength !== buffer.byteLength;
}

function viewCopy(view: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  if (types.isDataView(view)) return new DataView(bytes.buffer);
  const Type = view.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView;
  // A Buffer is sent as a Uint8Array, its base class.
  return types.isUint8Array(view) ? bytes : new Type(bytes.buffer);
}
