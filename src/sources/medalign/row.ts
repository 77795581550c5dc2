import { shortest } from "../../support/float32.js";

// An event of an XML file, before it is written as MEDS.

export interface XmlRow {
  /** Microseconds since 1970-01-01; null for a static row. */
  readonly time: bigint | null;
  readonly code: string;
  readonly number: number | null;
  readonly text: string | null;
  readonly unit: string | null;
  /** The table of OMOP: the element's name, or the event's type. */
  readonly table: string;
  readonly visit: bigint | null;
  /** The other members are in LUMIA only. */
  end: bigint | null;
  readonly note: string | null;
  readonly provider: string | null;
  readonly careSite: string | null;
}

/** A row with these members; the others are null. */
export function rowOf(members: Partial<XmlRow> & Pick<XmlRow, "time" | "code" | "table">): XmlRow {
  return { number: null, text: null, unit: null, visit: null, end: null, note: null, provider: null, careSite: null, ...members };
}

/** A decimal number as a whole text. */
export const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** The number that a text is; null where it is not one, or has more digits than a numeric value of MEDS keeps. */
export function numberOf(text: string): number | null {
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) && shortest(Math.fround(number)) === number ? number : null;
}
