// The README's loop as an inline function; the package decides on the threads.
export { rows } from "./loop.mjs";
export const needs = ["PassContext.workers"];

export function run(db) {
  return db.reduce(
    (patients, _, { db }) => {
      const labs = db.codes.withPrefix("LAB//");
      let total = 0;
      for (const { codeIds, numericValues, length } of patients) {
        for (let i = 0; i < length; i += 1) if (labs.has(codeIds[i])) total += numericValues[i] || 0;
      }
      return total;
    },
    { initial: 0, merge: (total, part) => total + part },
  );
}
