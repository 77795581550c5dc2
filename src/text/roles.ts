// Which columns of a store have which meaning in a text.
import type { Store } from "../store/store.js";
import { conflict, namesIn, optionsOf, textOf } from "../support/arguments.js";

/** What texts read beside time, code, numeric value and unit, and the usual names of the columns. */
const USUAL = {
  /** The kind of event: a table of OMOP. */
  type: ["table", "omop_table"],
  /** The end of what begins at the time of the row. */
  end: ["end"],
  /** The visit of the row. */
  visit: ["visit_id", "hadm_id"],
  /** A text: a value in words, or a note. */
  text: ["text_value"],
  note: ["note_id"],
  provider: ["provider_id"],
  careSite: ["care_site_id"],
} as const;

/** The name of the column for each meaning. A meaning without a column is left out. */
export interface TextColumns {
  readonly type?: string | undefined;
  readonly end?: string | undefined;
  readonly visit?: string | undefined;
  readonly text?: string | undefined;
  readonly note?: string | undefined;
  readonly provider?: string | undefined;
  readonly careSite?: string | undefined;
}

/** By meaning, the index of its column in the manifest; -1 where the store has none. */
export type Roles = { readonly [role in keyof typeof USUAL]: number };

/** The columns of a store by meaning: those that the caller names, else the first usual one that exists. */
export function rolesOf(store: Store, given: TextColumns | undefined): Roles {
  const named = optionsOf(given) ?? {};
  namesIn("columns", named, Object.keys(USUAL));
  const entries = Object.entries(USUAL).map(([role, usual]) => {
    const name = named[role as keyof TextColumns];
    const isOne = role === "end" ? isTime : isSingle;
    if (name === undefined) return [role, indexWhere(store, usual, isOne)];
    const index = store.columnAt(textOf(`columns.${role}`, name, "the name of a column"));
    const { type } = store.columns[index]!;
    if (!isOne(type))
      conflict(
        `\`columns.${role}\` names column ${JSON.stringify(name)} of type ${type}. It must name a column of ${role === "end" ? "times" : "single values, such as texts or numbers"}.`,
      );
    return [role, index];
  });
  return Object.fromEntries(entries) as Roles;
}

const isTime = (type: string): boolean => type.startsWith("timestamp");
/** Neither lists and the like nor bytes. */
const isSingle = (type: string): boolean => !/list|struct|map|binary/.test(type);

/** A usual column of another type has another meaning. */
function indexWhere(store: Store, usual: readonly string[], isOne: (type: string) => boolean): number {
  return usual.map((name) => store.columns.findIndex((info) => info.name === name && isOne(info.type))).find((index) => index >= 0) ?? -1;
}
