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

export const nothing = () => ({ rows: 0, before: 0, chars: 0, total: 0 });

/** A workload over items, one after another: `each(item, sum)`. What needs no waiting is not waited for: that would cost it a tenth of a microsecond. */
const overItems =
  (items, each, names = ["rows", "before", "chars", "total"]) =>
  async (count) => {
    const sum = Object.fromEntries(names.map((name) => [name, 0]));
    for (let i = 0; i < count; i += 1) {
      const done = each(items[i], sum);
      if (done !== undefined) await done;
    }
    return sum;
  };

/**
 * The workloads that read one patient after another. `timeline`, `window`, `columns` and `code` take an item of the plan, its ids and times as
 * bigints, and add to a sum; `lastCode` returns a code, or a promise of it.
 */
export function perPatient(plan, { timeline, window, columns, lastCode, code }) {
  const timed = (items) => items.map(([id, bound]) => [BigInt(id), BigInt(bound)]);
  const timelines = (items) => overItems(timed(items), timeline);
  const windows = (items, size) => overItems(timed(items), (item, sum) => window(item, size, sum), ["rows", "chars", "total"]);
  const addCode = (found, sum) => {
    sum.rows += 1;
    sum.chars += found.length;
  };
  const last = (id, sum) => {
    const found = lastCode(id);
    return typeof found === "string" ? addCode(found, sum) : found.then((later) => addCode(later, sum));
  };
  const queries = plan.code.map(([wanted, ids]) => [wanted, ids.map(BigInt)]);
  return {
    open: async () => ({ chars: (await lastCode(BigInt(plan.open))).length }),
    timeline: timelines(plan.timeline),
    neighbours: timelines(plan.neighbours),
    last: overItems(plan.last.map(BigInt), last, ["rows", "chars"]),
    window256: windows(plan.window256, 256),
    window2048: windows(plan.window2048, 2048),
    ...(columns && { columns: overItems(plan.columns.map(BigInt), columns) }),
    ...(code && { code: overItems(queries, code, ["rows", "total"]) }),
  };
}
