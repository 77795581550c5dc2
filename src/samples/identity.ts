import { types } from "node:util";
import type { Store } from "../store/store.js";
import { node } from "../support/node.js";
import type { Plan } from "./options.js";

/** What distinguishes lists of samples: by sample the row in patients.arrow and the cut-off. */
interface Identified {
  readonly store: Store;
  readonly index: Uint32Array;
  readonly cutoff: BigInt64Array;
  readonly plan: Plan;
}

/**
 * 16 hexadecimal digits that are equal for lists of the same subjects, cut-offs and options. An order of
 * sample numbers means nothing without such a list.
 */
export function identityOf({ store, index, cutoff, plan }: Identified): string {
  // 32-bit words: a bigint per sample takes ten times as long.
  const words = new Int32Array(store.ids.buffer, store.ids.byteOffset, 2 * store.ids.length);
  const subjects = new Int32Array(2 * index.length);
  for (let i = 0; i < index.length; i += 1) {
    subjects[2 * i] = words[2 * index[i]!]!;
    subjects[2 * i + 1] = words[2 * index[i]! + 1]!;
  }
  const hash = node.crypto.createHash("sha256").update(subjects).update(cutoff);
  return hash.update(JSON.stringify(plan, plainly)).digest("hex").slice(0, 16);
}

/** Values that JSON cannot contain, as text: the same on every machine. */
function plainly(_name: string, value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "function") return String(value);
  if (types.isUint8Array(value)) return Buffer.from(value).toString("base64");
  return types.isMap(value) ? [...value] : value;
}
