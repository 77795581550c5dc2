// The same function as a pass with 1 thread.
import { sum } from "./loop.mjs";

export { rows } from "./loop.mjs";
export const needs = ["CodeTable.select"];

export const run = (db) => db.reduce(sum, { threads: 1, initial: 0, merge: (a, b) => a + b });
