// A loop over events, as it is written first.
export { rows } from "./loop.mjs";
export const needs = [];

export function run(db) {
  let total = 0;
  for (const patient of db) {
    for (const event of patient) if (event.code.startsWith("LAB//")) total += event.numericValue ?? 0;
  }
  return total;
}
