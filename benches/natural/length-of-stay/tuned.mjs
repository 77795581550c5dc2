// The harness's own: a table by code and visit, over arrays.
import { lengthOfStay } from "../../lib/tasks.mjs";

export const needs = [];
export const run = (db) => lengthOfStay(db);
