// Values of another realm. Jest, and the vm pools of Vitest, run a program in a context with its own `Error`,
// `Date`, `Map` and typed arrays. What Node itself, the native part and other threads make is not an
// instance of these.
import { types } from "node:util";

/** An error of any realm. */
export function isError(value: unknown): value is Error {
  // Of the runtimes, some do not count a DOMException as a native error.
  return value instanceof Error || types.isNativeError(value) || Object.prototype.toString.call(value) === "[object DOMException]";
}

/** A Date of any realm. */
export function isDate(value: unknown): value is Date {
  return value instanceof Date || types.isDate(value);
}

/** An object that `{…}` or `Object.create(null)` made, in any realm. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

/** The classes of the arrays that the native part and other threads make. */
const ARRAYS: Readonly<Record<string, new (buffer: ArrayBufferLike, offset: number, length: number) => object>> = {
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
};

/** A typed array as one of this realm, over the same memory; any other value unchanged. */
export function ownArray<T>(value: T): T {
  const Own = types.isTypedArray(value) ? ARRAYS[value[Symbol.toStringTag]] : undefined;
  if (Own === undefined || value instanceof Own) return value;
  const { buffer, byteOffset, length } = value as T & Uint8Array;
  return new Own(buffer, byteOffset, length) as T;
}

/** Makes the typed arrays in an object, and in its members, arrays of this realm. */
export function ownArraysIn<T extends object>(object: T): T {
  for (const [name, value] of Object.entries(object)) {
    if (ArrayBuffer.isView(value)) (object as Record<string, unknown>)[name] = ownArray(value);
    else if (typeof value === "object" && value !== null) ownArraysIn(value);
  }
  return object;
}
