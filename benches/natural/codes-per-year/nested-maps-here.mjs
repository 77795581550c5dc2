// The same function in this thread.
import count from "./nested-maps.mjs";

export { rows } from "./nested-maps.mjs";
export const needs = ["Event.year"];
export const run = (db) => count(db);
