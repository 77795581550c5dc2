// The same as an inline function.
export { rows } from "./module.mjs";
export const needs = ["CallOptions.per"];

export const run = (db) => db.reduce(() => 1, { threads: 2, initial: 0, merge: (total, part) => total + part });
