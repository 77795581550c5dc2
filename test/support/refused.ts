// Conversions that must fail, and the proof that they leave no files.
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ConvertOptions, convert, type MedsError } from "meds-reader";
import { expect } from "vitest";
import type { SimpleRow } from "./dataset.js";
import { rejected } from "./errors.js";
import { contents, folder } from "./folder.js";

/** Two patients of a valid source. */
export const good: readonly SimpleRow[] = [
  [1n, null, "SEX//F"],
  [1n, 10n, "A", 1],
  [1n, 20n, "B"],
  [2n, 5n, "A", 2],
];

/** Runs a conversion that must fail, and checks that the folder then contains only the source. */
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
