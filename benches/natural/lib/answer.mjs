// Answers that every language can make and compare: numbers by name, or the number of rows of a table and their SHA-256.
import { createHash } from "node:crypto";

const byBytes = (a, b) => Buffer.compare(a, b);

/** A table's rows in the order of the bytes of their lines: cells are text and integers, a tab between them. */
export function answerOf(result) {
  if (result[Symbol.iterator] === undefined) return result;
  const lines = Array.from(result, (row) => Buffer.from(`${row.join("\t")}\n`)).sort(byBytes);
  const sum = createHash("sha256");
  for (const line of lines) sum.update(line);
  return { rows: lines.length, digest: sum.digest("hex") };
}

/** Why two answers differ, or null. Engines add in different orders, so fractions may differ by one part in 1e9. */
export function difference(one, other) {
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [a, b] = [one[name], other[name]];
    if (a === b) continue;
    const near =
      typeof a === "number" &&
      typeof b === "number" &&
      !(Number.isInteger(a) && Number.isInteger(b)) &&
      Math.abs(a - b) <= 1e-9 * Math.abs(a);
    if (!near) return `${name} is ${a} and ${b}`;
  }
  return null;
}
