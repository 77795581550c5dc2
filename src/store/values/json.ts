import { Buffer } from "node:buffer";
import { shortest } from "../../support/float32.js";
import { objectOf } from "../shape.js";
import type { Singles } from "./singles.js";
import type { Value } from "./vector.js";

/** A value as `JSON.stringify` writes it: see {@link Event.toJSON}. */
export type JsonValue = boolean | number | string | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * A value as JSON without loss: 64-bit integers as decimal text, bytes as base64, NaN and infinities as
 * "NaN", "Infinity" and "-Infinity" (JSON would write them as null, which means that there is no value).
 * Numbers of 32 bits (`singles`) are written with their own digits.
 */
export function jsonOf(value: Value | null, singles: Singles): JsonValue {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return !Number.isFinite(value) ? String(value) : singles === true ? shortest(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return eachOf(value, singles, jsonOf) as JsonValue;
}

/** A value as people see it: numbers of 32 bits with their own digits, at any depth. */
export function shownOf(value: Value | null, singles: Singles): unknown {
  if (singles === null) return value;
  if (typeof value === "number") return shortest(value);
  return typeof value !== "object" || value === null || value instanceof Uint8Array ? value : eachOf(value, singles, shownOf);
}

/** The items of a list or map, or the members of a struct, each changed by `change`. */
function eachOf(value: object, singles: Singles, change: (value: Value | null, singles: Singles) => unknown): unknown {
  const below = typeof singles === "object" ? singles : null;
  if (Array.isArray(value)) return value.map((item, index) => change(item, below?.items ?? below?.pair?.[index] ?? null));
  const names = Object.keys(value);
  return objectOf(
    names,
    names.map((name) => change((value as { readonly [name: string]: Value | null })[name]!, below?.members?.get(name) ?? null)),
  );
}
