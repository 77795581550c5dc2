import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../store/store.js";
import { MedsError } from "../support/errors.js";

/**
 * Parents of codes. Of all codes that the source's codes.parquet names, and not of those alone that events have: whether a step between a code and its
 * ancestor is there must not depend on whether some (held-out) patient has the code of that step.
 */
export class Ontology {
  constructor(private readonly parents: ReadonlyMap<string, readonly string[]>) {}

  /** The code, and all codes that it reaches in any number of steps. `own` are its parents where this ontology does not know it. */
  ancestors(code: string, own: readonly string[] = []): string[] {
    const found = new Set([code]);
    // A set is walked on while it grows.
    for (const name of found) {
      for (const parent of this.parents.get(name) ?? (name === code ? own : [])) found.add(parent);
    }
    return [...found];
  }

  /** What leads to some codes: all that is needed to find these among a code's ancestors. */
  leadingTo(codes: ReadonlySet<string>): Ontology {
    const children = new Map<string, string[]>();
    for (const [code, parents] of this.parents) {
      for (const parent of parents) {
        const own = children.get(parent);
        if (own === undefined) children.set(parent, [code]);
        else own.push(code);
      }
    }
    const leading = new Set(codes);
    for (const name of leading) for (const child of children.get(name) ?? []) leading.add(child);
    const kept = new Map<string, readonly string[]>();
    for (const code of [...this.parents.keys()].sort(byBytes)) {
      const parents = this.parents.get(code)!.filter((parent) => leading.has(parent));
      if (parents.length > 0) kept.set(code, parents);
    }
    return new Ontology(kept);
  }

  /** As pairs, since an object would put codes such as "250" first. */
  toJSON(): readonly (readonly [code: string, parents: readonly string[]])[] {
    return [...this.parents];
  }
}

/** In order of UTF-8 bytes; strings that have the same bytes (lone surrogates) by their units. */
export function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)) || (a < b ? -1 : 1);
}

/** A code as text, as the table of codes has it: some files have numbers. */
function textOf(code: unknown): string | null {
  return typeof code === "string" || typeof code === "bigint" || typeof code === "number" ? String(code) : null;
}

/** `parent_codes` of the codes.parquet that the store was made with; nothing where it has none. */
export async function readOntology(store: Store): Promise<Ontology> {
  const path = join(store.path, "metadata", "codes.parquet");
  const parents = new Map<string, string[]>();
  if (!existsSync(path)) return new Ontology(parents);
  try {
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
    const { compressors } = await import("hyparquet-compressors");
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (!names.includes("code") || !names.includes("parent_codes")) return new Ontology(parents);
    // A code may have several rows, one a set of modifiers: its parents are those of all.
    for (const { code, parent_codes: list } of await parquetReadObjects({
      file,
      metadata,
      compressors,
      columns: ["code", "parent_codes"],
    })) {
      const name = textOf(code);
      if (name === null) continue;
      const own = parents.get(name) ?? [];
      // A single parent is a list of one, as in the table of codes.
      for (const parent of (Array.isArray(list) ? list : [list]).map(textOf)) {
        if (parent !== null && !own.includes(parent)) own.push(parent);
      }
      if (own.length > 0) parents.set(name, own);
    }
  } catch (cause) {
    const found = `${path}: it cannot be read (${(cause as Error).message}). Correct the source's codes.parquet and convert again.`;
    throw new MedsError("MEDS_METADATA", found, { path, cause });
  }
  return new Ontology(parents);
}
