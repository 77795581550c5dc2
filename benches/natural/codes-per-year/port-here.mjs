// The same function in this thread.
import count from "./port-module.mjs";

export { rows } from "./port-module.mjs";
export const needs = [];
export const run = (db) => count(db);
