// The same as an inline function, with `event.year`.
import { merge } from "./port-module.mjs";

export { rows } from "./port-module.mjs";
export const needs = ["Event.year", "PassContext.workers"];

export function run(db) {
  return db.reduce(
    (patients) => {
      const counts = new Map();
      for (const patient of patients) {
        for (const event of patient) {
          if (event.year !== null) {
            const key = `${event.code}\t${event.year}`;
            counts.set(key, (counts.get(key) ?? 0) + 1);
          }
        }
      }
      return counts;
    },
    { threads: 2, initial: new Map(), merge },
  );
}
