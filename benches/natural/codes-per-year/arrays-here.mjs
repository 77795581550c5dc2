// The same function in this thread.
import count from "./arrays.mjs";

export { rows } from "./arrays.mjs";
export const needs = [];
export const run = (db) => count(db, undefined, { db });
