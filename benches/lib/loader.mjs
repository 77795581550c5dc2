// What loaders in Node share.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** The version of an installed package. */
export function versionOf(name) {
  for (let folder = dirname(require.resolve(name)); ; folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (found.name === name && found.version !== undefined) return found.version;
    } catch {
      // not the package's own folder yet
    }
    if (folder === dirname(folder)) return "unknown";
  }
}

/** Rows of an array of rows' columns: time (µs bigint or null), code, value (number or null). */
export function addRows(rows, bound, sum) {
  for (const [time, code, value] of rows) {
    sum.rows += 1;
    if (time !== null && time <= bound) sum.before += 1;
    sum.chars += code.length;
    if (value !== null) sum.total += value;
  }
}

export const nothing = () => ({ rows: 0, before: 0, chars: 0, total: 0 });

/** A workload over items, one after another: `each(item, sum)`. */
export const overItems =
  (items, each, names = ["rows", "before", "chars", "total"]) =>
  async (count) => {
    const sum = Object.fromEntries(names.map((name) => [name, 0]));
    for (let i = 0; i < count; i += 1) await each(items[i], sum);
    return sum;
  };
