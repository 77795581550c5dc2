// The same function as a pass with 2 threads.
import { sum } from "./loop.mjs";

export { rows } from "./loop.mjs";
export const needs = ["CodeTable.select"];

export const run = (db) => db.reduce(sum, { threads: 2, initial: 0, merge: (a, b) => a + b });
