// What the manifest of a store records of the transform that made it.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { types } from "node:util";
import type { Store } from "../store/store.js";
import { MedsError } from "../support/errors.js";
import { withIo } from "../support/io.js";
import type { ModuleFunction } from "../support/module.js";
import { node } from "../support/node.js";
import type { AddedColumn } from "./part.js";

/** What was done: the function of a module with its arguments, then ready transforms. */
interface Work {
  readonly module: ModuleFunction | null;
  readonly ready: readonly object[];
  readonly args: unknown;
}

/** The record of this transform for the manifest: plain data, without null. */
export function recordOf({ manifest }: Store, { module, ready, args }: Work, added: readonly AddedColumn[]): object {
  const about = module === null ? {} : { module: { name: basename(module.path), exportName: module.name, sha256: hashOf(module.path) } };
  return {
    from: manifest.fingerprint,
    ...about,
    // As text, because the arguments may contain anything.
    ...(args === undefined ? {} : { args: textOfArgs(args) }),
    ...(added.length === 0 ? {} : { columns: added }),
    ...(ready.length === 0 ? {} : { ready }),
    ...(manifest.options.transform === undefined ? {} : { before: earlier(manifest.options.transform) }),
  };
}

/**
 * The records of earlier transforms, the last one first. In older manifests each record contains the one
 * before it.
 */
function earlier({ before, ...own }: { readonly before?: object }): readonly object[] {
  if (before === undefined) return [own];
  return [own, ...(Array.isArray(before) ? (before as readonly object[]) : earlier(before))];
}

/**
 * Arguments as JSON. Values that JSON cannot express (maps, sets, 64-bit integers, NaN) become arrays and
 * text, and are never left out.
 */
function textOfArgs(args: unknown): string {
  const plain = (_: string, item: unknown) => {
    if (typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item))) return String(item);
    return types.isMap(item) || types.isSet(item) || (ArrayBuffer.isView(item) && Symbol.iterator in item)
      ? [...(item as Iterable<unknown>)]
      : item;
  };
  try {
    return JSON.stringify(args, plain);
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    const found = `\`args\` cannot be recorded in the manifest (${reason}). Use plain values, arrays and maps without circular references.`;
    throw new MedsError("MEDS_INVALID_ARGUMENT", found, { cause: error });
  }
}

function hashOf(path: string): string {
  const bytes = withIo(path, () => readFileSync(path));
  return node.crypto.createHash("sha256").update(bytes).digest("hex");
}
