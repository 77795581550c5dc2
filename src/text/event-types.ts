// The kind of an event: the name of its OMOP table, or a guess from its code.
import { readFileSync } from "node:fs";
import { failBundled, inPackage } from "../store/package-files.js";
import type { Store } from "../store/store.js";
import type { Known } from "./known.js";

interface Guesses {
  readonly other: string;
  readonly types: Readonly<Record<string, readonly string[]>>;
}

/** Codes that end a visit, and those that begin one which they end. */
const DISCHARGE = /discharge|ED_OUT/i;
const ADMISSION = /admission|ED_REGISTRATION/i;

const ofStore = new WeakMap<Store, EventTypes>();

/** The kinds of the events of a store. Each code is looked up once. */
export function eventTypesOf(store: Store): EventTypes {
  const types = ofStore.get(store) ?? new EventTypes(store);
  ofStore.set(store, types);
  return types;
}

/** The kinds of the events of a store: {@link eventTypesOf}. */
export class EventTypes {
  private readonly byCode: string[] = [];
  private guesses: Guesses | undefined;

  constructor(private readonly store: Store) {}

  /** The value of the row's column of tables, else the kind of its code. */
  of(known: Known, i: number): string {
    return known.type(i) ?? this.ofCode(known.code(i));
  }

  /** Whether a code ends a visit, in data without a column of ends. */
  isDischarge(id: number): boolean {
    return DISCHARGE.test(this.store.codes._dictionary.at(id) as string);
  }

  /** Whether a code begins a visit that another code ends. */
  isAdmission(id: number): boolean {
    return ADMISSION.test(this.store.codes._dictionary.at(id) as string);
  }

  /** The kind that the beginning of a code suggests. */
  ofCode(id: number): string {
    return this.byCode[id] ?? this.guess(id);
  }

  private guess(id: number): string {
    this.guesses ??= JSON.parse(
      readFileSync(inPackage("../data/event-types.json") ?? failBundled("data/event-types.json"), "utf8"),
    ) as Guesses;
    const code = this.store.codes._dictionary.at(id) as string;
    let [found, length] = [this.guesses.other, 0];
    for (const [type, beginnings] of Object.entries(this.guesses.types))
      for (const beginning of beginnings)
        if (beginning.length > length && code.startsWith(beginning)) [found, length] = [type, beginning.length];
    this.byCode[id] = found;
    return found;
  }
}
