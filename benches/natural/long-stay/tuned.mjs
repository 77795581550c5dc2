// The harness's own: tables by code and visit, over arrays.
import { longStay } from "../../lib/tasks.mjs";

export const needs = [];
export const run = (db) => longStay(db);

export function* rows(samples) {
  for (const { visit, subject, label, names, means, counts } of samples)
    yield { visit, subject, label, features: names.map((name, i) => [name, means[i], counts[i]]) };
}
