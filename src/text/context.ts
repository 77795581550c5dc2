import type { CodeChoice } from "../store/choice.js";
import type { CodeSelection } from "../store/selection.js";
import type { Store } from "../store/store.js";
import { conflict } from "../support/arguments.js";
import { daysOf } from "../support/calendar.js";
import { DAY } from "../support/time.js";
import { cutText } from "./budget.js";
import { Clock, type TimesPlan } from "./clock.js";
import { type ConceptList, ConceptTable } from "./concepts.js";
import { type EventTypes, eventTypesOf } from "./event-types.js";
import type { Known } from "./known.js";
import { Names } from "./names.js";
import { ageAt, Facts, type Person } from "./person.js";
import { type Stay, staysOf } from "./stays.js";
import type { CountTokens } from "./tokens.js";

/** What all texts of one store share. */
class StoreWords {
  readonly types: EventTypes;
  private readonly names = new WeakMap<ReadonlyMap<string, string>, { readonly names: Names; readonly facts: Facts }>();
  private readonly tables = new WeakMap<ConceptList, ConceptTable>();

  constructor(private readonly store: Store) {
    this.types = eventTypesOf(store);
  }

  named(given: ReadonlyMap<string, string>): { readonly names: Names; readonly facts: Facts } {
    let found = this.names.get(given);
    if (found === undefined) {
      const names = new Names(this.store, given);
      found = { names, facts: new Facts(names) };
      this.names.set(given, found);
    }
    return found;
  }

  conceptsOf(list: ConceptList): ConceptTable {
    const table = this.tables.get(list) ?? new ConceptTable(this.store, list);
    this.tables.set(list, table);
    return table;
  }
}

const ofStore = new WeakMap<Store, StoreWords>();

/** What texts of one store with the same names and times share. */
export class Shared {
  readonly names: Names;
  readonly types: EventTypes;
  readonly facts: Facts;
  readonly clock: Clock = new Clock();
  private readonly words: StoreWords;

  constructor(
    private readonly store: Store,
    given: ReadonlyMap<string, string>,
    readonly times: TimesPlan,
  ) {
    this.words = ofStore.get(store) ?? new StoreWords(store);
    ofStore.set(store, this.words);
    this.types = this.words.types;
    ({ names: this.names, facts: this.facts } = this.words.named(given));
  }

  /** What a choice of codes selects. */
  selectionOf(codes: CodeChoice): CodeSelection {
    return this.store.codes._choices.of(codes, "codes");
  }

  /** The concepts of a list by the codes of the store. */
  conceptsOf(list: ConceptList): ConceptTable {
    return this.words.conceptsOf(list);
  }
}

/** One text: what is known of a patient, and how its times are written. */
export class Context {
  readonly person: Person;
  private visits: readonly Stay[] | undefined;

  constructor(
    readonly known: Known,
    readonly shared: Shared,
    /** Code ids that a section of latest values shows. */
    readonly isMeasured: (code: number) => boolean,
    private readonly count: CountTokens | null,
  ) {
    const { clock, times } = shared;
    this.person = shared.facts.person(known);
    const { now } = this;
    clock.move(times.kind === "shift" && now !== null ? times.day - daysOf(now)[0] : 0);
  }

  conceptsOf(list: ConceptList): ConceptTable {
    return this.shared.conceptsOf(list);
  }

  /** The prediction time; without one, the time of the last row; null where no row has a time. */
  get now(): bigint | null {
    const { known } = this;
    if (known.cutoff !== null) return known.cutoff;
    return known.staticCount < known.length ? BigInt(known.time(known.length - 1)!) : null;
  }

  /** The visits, in the order of their first rows. */
  get stays(): readonly Stay[] {
    this.visits ??= staysOf(this.known, this.shared.types);
    return this.visits;
  }

  /** Whether texts have dates. */
  get hasDates(): boolean {
    const { kind } = this.shared.times;
    return kind === "absolute" || kind === "shift";
  }

  /** " on 2012-05-17", " at age 62" or "". */
  when(time: bigint): string {
    const { clock, times } = this.shared;
    if (this.hasDates) return ` on ${clock.date(time)}`;
    const { birth } = this.person;
    return times.kind === "age" && birth !== null ? ` at age ${ageAt(birth, time).years}` : "";
  }

  /** "12 days before prediction time"; "" without a prediction time, and where no times are written. */
  before(time: bigint): string {
    const { known, shared } = this;
    if (known.cutoff === null || shared.times.kind === "none" || shared.times.kind === "age") return "";
    const days = (known.cutoff - time) / DAY;
    return `${days === 0n ? "less than a day" : counted(days, "day")} before prediction time`;
  }

  /** The beginning of a note, up to a number of tokens. */
  cut(text: string, tokens: number): string {
    if (this.count === null) conflict("`maxTokens` of notes requires a tokenizer. Set `tokenizer` (--tokenizer).");
    return cutText(text, tokens, this.count) ?? "[…]";
  }

  /** The name of the event of a row. */
  name(i: number): string {
    return oneLine(this.shared.names.shown(this.known.code(i)));
  }

  /** Whether a row says something besides who the person is. */
  isEvent(i: number): boolean {
    return this.shared.facts.of(this.known.code(i)) === null;
  }
}

/** "1 day", "3 days". */
export function counted(count: number | bigint, noun: string): string {
  return `${count} ${noun}${BigInt(count) === 1n ? "" : "s"}`;
}

/** A text without line ends, which would look like the end of an item. */
export function oneLine(text: string): string {
  return /[\r\n\t]| {2}|^ | $/.test(text) ? text.replace(/\s+/g, " ").trim() : text;
}
