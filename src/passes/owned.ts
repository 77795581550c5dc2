import { types } from "node:util";
import { failGiven } from "../support/arguments.js";
import { Timeline } from "../timeline/timeline.js";

/**
 * A result as it is sent: views of a part of a buffer become copies of that part. A clone takes the whole buffer, and that of a timeline's arrays is a
 * shard of the store.
 */
export function owned(value: unknown): unknown {
  if (isLocal(value)) failGiven("A result", value, "plain values, arrays, maps and typed arrays: it is cloned to the caller's thread");
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Timeline) failGiven("A result", value, "what you want to know of a patient, or a copy of the rows: patient.copy()");
  if (ArrayBuffer.isView(value)) return isPart(value) ? copyOf(value) : value;
  if (Array.isArray(value)) return value.some(hasParts) ? value.map(owned) : value;
  if (isPlain(value) && Object.values(value).some(hasParts))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, owned(member)]));
  return value;
}

/** May a value hold a part of a buffer, or what cannot be sent: only then is anything made anew. */
function hasParts(value: unknown): boolean {
  if (isLocal(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  if (ArrayBuffer.isView(value)) return isPart(value);
  return Array.isArray(value) || isPlain(value) || value instanceof Timeline;
}

/** What exists in its own thread only. */
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
  // A Buffer crosses as the Uint8Array that it is.
  return view instanceof Uint8Array ? bytes : new Type(bytes.buffer);
}
