import { Buffer } from "node:buffer";
import type { Value } from "./vector.js";

/** A value as `JSON.stringify` writes it: see {@link Event.toJSON}. */
export type JsonValue = boolean | number | string | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/**
 * A value as JSON without loss: 64-bit integers as decimal text, bytes as base64, NaN and infinities as
 * "NaN", "Infinity" and "-Infinity" (JSON would write them as null, which means that there is no value).
 */
export function jsonOf(value: Value | null): JsonValue {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(jsonOf);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonOf(member)]));
}
