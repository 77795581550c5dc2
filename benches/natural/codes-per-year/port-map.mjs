// The same with `map`, which yields each result of the function.
import { merge } from "./port-module.mjs";

export { rows } from "./port-module.mjs";
export const needs = [];

export async function run(db) {
  const total = new Map();
  const pass = new URL("./port-module.mjs", import.meta.url);
  for await (const part of db.map(pass, { threads: 2 })) merge(total, part);
  return total;
}
