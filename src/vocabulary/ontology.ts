import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../store/store.js";
import { MedsError } from "../support/errors.js";
import { readColumns, type Table, type Wanted } from "../tables/parquet.js";

/**
 * Parents of codes: of all codes in the source's codes.parquet, not only of those that events have. Otherwise
 * a code's ancestors would depend on whether some (held-out) patient has the code of a step between them.
 */
export class Ontology {
  constructor(private readonly parents: ReadonlyMap<string, readonly string[]>) {}

  /**
   * The code, and all codes that it reaches in any number of steps. `own` are its parents if the code is not
   * in this ontology.
   */
  ancestors(code: string, own: readonly string[] = []): string[] {
    const found = new Set([code]);
    // The loop also visits what is added to the set while it runs.
    for (const name of found) {
      for (const parent of this.parents.get(name) ?? (name === code ? own : [])) found.add(parent);
    }
    return [...found];
  }

  /** The part that leads to some codes: enough to find these among a code's ancestors. */
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

  /** Pairs, because an object would put codes such as "250" first. */
  toJSON(): readonly (readonly [code: string, parents: readonly string[]])[] {
    return [...this.parents];
  }
}

/** Compares UTF-8 bytes. Strings with the same bytes (lone surrogates) are compared by their units. */
export function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)) || (a < b ? -1 : 1);
}

const COLUMNS = { code: { kind: "anyText" }, parent_codes: { kind: "lists" } } as const satisfies Record<string, Wanted>;

/** `parent_codes` of the codes.parquet that the store was made with; empty where it has none. */
export async function readOntology(store: Store): Promise<Ontology> {
  const path = join(store.path, "metadata", "codes.parquet");
  const parents = new Map<string, string[]>();
  if (!existsSync(path)) return new Ontology(parents);
  const { rows, columns } = await readCodes(path);
  const { code: codes, parent_codes: lists } = columns;
  if (codes === null || lists === null) return new Ontology(parents);
  // A code may have several rows, one for each set of modifiers: its parents are those of all.
  for (let row = 0; row < rows; row += 1) {
    const code = codes.texts[codes.values[row]!];
    if (code === undefined) continue;
    const own = parents.get(code) ?? [];
    for (const index of lists.values.subarray(lists.offsets![row], lists.offsets![row + 1])) {
      const parent = lists.texts[index]!;
      if (!own.includes(parent)) own.push(parent);
    }
    if (own.length > 0) parents.set(code, own);
  }
  return new Ontology(parents);
}

async function readCodes(path: string): Promise<Table<typeof COLUMNS>> {
  try {
    return await readColumns(path, "codes", COLUMNS);
  } catch (cause) {
    if (!(cause instanceof MedsError)) throw cause;
    const message = `${cause.message} This file is a copy of the source's codes.parquet: fix that file and convert the source again.`;
    throw new MedsError("MEDS_METADATA", message, { path, cause });
  }
}
