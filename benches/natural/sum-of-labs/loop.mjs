// In this thread, as the README selects codes.
export const needs = ["CodeTable.select"];

export function sum(patients) {
  let total = 0;
  for (const patient of patients) {
    for (const { numericValue } of patient.withCode("LAB//*")) if (numericValue !== null) total += numericValue;
  }
  return total;
}

export const run = (db) => sum(db);
export const rows = (total) => ({ total });
