// The same function in this thread.
import count from "./integer-keys.mjs";

export { rows } from "./integer-keys.mjs";
export const needs = ["Event.year"];
export const run = (db) => count(db);
