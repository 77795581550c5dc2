import { createHash } from "node:crypto";
import type { Samples } from "./samples.js";

/** 16 hexadecimal digits, equal for lists of the same subjects, cut-offs and options: what an order of their numbers is worth without them. */
export function identityOf({ _store: store, _index: index, _cutoff: cutoff, _plan: plan }: Samples): string {
  const subjects = BigInt64Array.from(index, (row) => store.ids[row]!);
  const hash = createHash("sha256").update(subjects).update(cutoff);
  return hash.update(JSON.stringify(plan, plainly)).digest("hex").slice(0, 16);
}

/** What JSON has no form for, as text: the same on every machine. */
function plainly(_name: string, value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "function") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value instanceof Map ? [...value] : value;
}
