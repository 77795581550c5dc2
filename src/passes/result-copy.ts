import { types } from "node:util";
import { conflict, shown } from "../support/arguments.js";
import { Timeline } from "../timeline/timeline.js";

/**
 * A result in the form that is sent: a view of a part of a buffer becomes a copy of that part. A structured
 * clone copies the whole buffer, and the buffer of a timeline's arrays is a whole shard of the store.
 */
export function owned(value: unknown): unknown {
  if (isLocal(value))
    conflict(
      `A result is ${shown(value)}, which cannot be cloned to the caller's thread. Return plain values, arrays, maps and typed arrays.`,
    );
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Timeline)
    conflict(
      "A result is a patient or timeline, which cannot be sent to the caller's thread. Return single values, or a copy of its rows: patient.copy().",
    );
  if (ArrayBuffer.isView(value)) return isPart(value) ? copyOf(value) : value;
  if (Array.isArray(value)) return value.some(hasParts) ? value.map(owned) : value;
  if (isPlain(value) && Object.values(value).some(hasParts))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, owned(member)]));
  return value;
}

/**
 * Whether a value may contain a part of a buffer, or something that cannot be sent. Other values are not
 * copied.
 */
function hasParts(value: unknown): boolean {
  if (isLocal(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  if (ArrayBuffer.isView(value)) return isPart(value);
  return Array.isArray(value) || isPlain(value) || value instanceof Timeline;
}

/** Whether a value exists in its own thread only. */
function isLocal(value: unknown): boolean {
  return typeof value === "function" || typeof value === "symbol";
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isPart({ buffer, byteLength }: ArrayBufferView): boolean {
  return !types.isSharedArrayBuffer(buffer) && byteLength !== buffer.byteLength;
}

function copyOf(view: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  if (view instanceof DataView) return new DataView(bytes.buffer);
  const Type = view.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView;
  // A Buffer is sent as a Uint8Array, its base class.
  return view instanceof Uint8Array ? bytes : new Type(bytes.buffer);
}
