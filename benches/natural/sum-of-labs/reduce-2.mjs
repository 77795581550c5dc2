// The README's loop as a pass with 2 worker threads.
export { rows } from "./loop.mjs";
export const needs = [];

export function run(db) {
  return db.reduce(new URL("./loop.mjs", import.meta.url), { threads: 2, initial: 0, merge: (total, part) => total + part });
}
