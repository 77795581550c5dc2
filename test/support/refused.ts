// Conversions that must fail, and the proof that they leave nothing behind.
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ConvertOptions, convert, type MedsError } from "meds-reader";
import { expect } from "vitest";
import type { SimpleRow } from "./dataset.js";
import { rejected } from "./errors.js";
import { contents, folder } from "./folder.js";

/** Two patients of a sound source. */
export const good: readonly SimpleRow[] = [
  [1n, null, "SEX//F"],
  [1n, 10n, "A", 1],
  [1n, 20n, "B"],
  [2n, 5n, "A", 2],
];

/** Converts what must fail; proves that nothing stands beside the source afterwards but the source. */
export async function refused(source: string, options: ConvertOptions = {}): Promise<MedsError> {
  const target = folder("target");
  const temp = folder("temp");
  const place = existsSync(source) && statSync(source).isFile() ? dirname(source) : source;
  const before = existsSync(place) ? contents(place) : new Map();
  const error = await rejected(convert(source, join(target, "s.medsdb"), { temp, ...options }));
  expect(readdirSync(target)).toEqual([]);
  expect(readdirSync(temp)).toEqual([]);
  if (existsSync(place)) expect([...contents(place).keys()]).toEqual([...before.keys()]);
  expect(error.message.length).toBeGreaterThan(20);
  return error;
}
