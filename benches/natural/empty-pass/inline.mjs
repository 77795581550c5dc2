// The same as an inline function.
export { rows } from "./module.mjs";
export const needs = ["PassContext.workers"];

export const run = (db) => db.reduce(() => 1, { threads: 2, initial: 0, merge: (total, part) => total + part });
