// The README's loop as a pass with 1 worker thread.
export { rows } from "./loop.mjs";
export const needs = [];

export function run(db) {
  return db.reduce(new URL("./loop.mjs", import.meta.url), { threads: 1, initial: 0, merge: (total, part) => total + part });
}
