// What people call a code.
import type { Store } from "../store/store.js";
import { conflict, expected } from "../support/arguments.js";

/** Names by code, which take precedence over the descriptions of codes.parquet. */
export type CodeNames = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** The names of the codes of a store. Each is made once. */
export class Names {
  private readonly found: (string | null | undefined)[] = [];

  constructor(
    private readonly store: Store,
    private readonly given: ReadonlyMap<string, string>,
  ) {}

  /** The name of a code: the caller's, else its description; null where there is neither. */
  of(id: number): string | null {
    const known = this.found[id];
    return known === undefined ? this.find(id) : known;
  }

  /** The same, or the code itself. */
  shown(id: number): string {
    return this.of(id) ?? this.code(id);
  }

  /** The same for the text of a code, which the store may not have. */
  named(code: string): string {
    const id = this.store.codes.id(code);
    return id === undefined ? (this.given.get(code) ?? code) : this.shown(id);
  }

  /** Whether a code is of one of some types: codes, or parts of names in upper or lower case. */
  isOf(types: readonly string[], id: number): boolean {
    const [code, name] = [this.code(id), this.shown(id).toLowerCase()];
    return types.some((type) => type === code || name.includes(type.toLowerCase()));
  }

  /** The code. */
  code(id: number): string {
    return this.store.codes._dictionary.at(id) as string;
  }

  private find(id: number): string | null {
    const name = this.given.get(this.code(id)) ?? this.store.legend.description(id);
    const found = name === null || name.trim() === "" ? null : name;
    this.found[id] = found;
    return found;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();

/** The caller's names as a map. */
export function namesOf(given: CodeNames | undefined): ReadonlyMap<string, string> {
  if (given === undefined) return NONE;
  if (typeof given !== "object" || given === null) expected("names", given, "an object or a Map: code to name");
  const entries = Symbol.iterator in given ? [...(given as ReadonlyMap<string, string>)] : Object.entries(given);
  for (const [code, name] of entries)
    if (typeof name !== "string") conflict(`\`names\` has no text for the code ${JSON.stringify(code)}. Each name must be a text.`);
  return new Map(entries);
}
