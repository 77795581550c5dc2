// Who the patient is, as far as the known rows say it.
import { isBirth } from "../store/birth-death.js";
import { civilOf, daysOf } from "../support/calendar.js";
import { DAY } from "../support/time.js";
import type { Known } from "./known.js";
import type { Names } from "./names.js";

export interface Person {
  /** Microseconds since 1970-01-01; null where no known row says it. */
  readonly birth: bigint | null;
  readonly gender: string | null;
  readonly race: string | null;
  readonly ethnicity: string | null;
}

/** `GENDER//F` of MIMIC-IV, `Gender/F` of OMOP. */
const FACT = /^(gender|race|ethnicity)\/\/?(.*)$/is;

/** What a code says of a person; null for other codes. */
export type Fact = { readonly of: "birth" } | { readonly of: "gender" | "race" | "ethnicity"; readonly is: string };

/** The facts of the codes of a store. Each is found once. */
export class Facts {
  private readonly found: (Fact | null | undefined)[] = [];

  constructor(private readonly names: Names) {}

  of(id: number): Fact | null {
    const known = this.found[id];
    if (known !== undefined) return known;
    const code = this.names.code(id);
    const [, name, is] = FACT.exec(code) ?? [];
    let fact: Fact | null = null;
    if (isBirth(code)) fact = { of: "birth" };
    else if (name !== undefined) fact = { of: name.toLowerCase() as "gender", is: this.names.of(id) ?? is! };
    this.found[id] = fact;
    return fact;
  }

  /** The person. Of several values, for example of admissions, the last known one counts; of births, the first. */
  person(known: Known): Person {
    const found: { -readonly [name in keyof Person]: Person[name] } = { birth: null, gender: null, race: null, ethnicity: null };
    for (let i = 0; i < known.length; i += 1) {
      const fact = this.of(known.code(i));
      if (fact === null) continue;
      if (fact.of !== "birth") found[fact.of] = fact.is;
      else if (found.birth === null) {
        const time = known.time(i);
        found.birth = time === null ? null : BigInt(time);
      }
    }
    return found;
  }
}

/** The age at a time in whole days, and in whole years of the calendar. Both may be negative. */
export function ageAt(birth: bigint, time: bigint): { readonly days: number; readonly years: number } {
  const [[from, ofDay], [to, clock]] = [daysOf(birth), daysOf(time)];
  const [born, now] = [civilOf(from), civilOf(to)];
  const isBefore =
    now.month < born.month || (now.month === born.month && (now.date < born.date || (now.date === born.date && clock < ofDay)));
  return { days: Number((time - birth) / DAY), years: now.year - born.year - (isBefore ? 1 : 0) };
}
