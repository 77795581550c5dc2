import type { Shard } from "../store/shard.js";
import type { Value } from "../store/values/vector.js";
import { shortest } from "../support/float32.js";
import { HIGH } from "../support/time.js";
import type { Roles } from "./roles.js";

/** Until when a patient is known. */
export interface Cutoff {
  /** Microseconds since 1970-01-01; null: all of the patient. */
  readonly time: bigint | null;
  readonly inclusive: boolean;
}

/** The rows of a timeline: see `timeline/rows.ts`. */
export interface TextRows {
  readonly subjectId: bigint;
  readonly length: number;
  readonly staticCount: number;
  readonly _shard: Shard;
  readonly _patient: number;
  readonly _begin: number;
  readonly _gap: number;
  readonly _rows: Uint32Array | null;
}

/** The texts of the numbers that were written last. Each number has one place. */
class Digits {
  private readonly numbers = new Float64Array(PLACES).fill(Number.NaN);
  private readonly texts = new Array<string>(PLACES).fill("NaN");

  constructor(private readonly write: (value: number) => string) {}

  of(value: number): string {
    const place = Math.imul(value * 1024, 0x9e3779b1) >>> SHIFT;
    if (this.numbers[place] === value) return this.texts[place]!;
    const text = this.write(value);
    this.numbers[place] = value;
    this.texts[place] = text;
    return text;
  }
}

const PLACES = 1 << 14;
const SHIFT = 32 - 14;
const SINGLE = new Digits((value) => String(shortest(value)));
const DOUBLE = new Digits(String);

/**
 * The rows of one patient that are known at a time, as texts read them. Row i is row i of the timeline. The shard of a
 * sample hides further values that are known later (`samples/guard.ts`).
 */
export class Known {
  readonly subjectId: bigint;
  readonly length: number;
  /** Static rows come first. */
  readonly staticCount: number;
  /** The prediction time; null where the whole patient is known. */
  readonly cutoff: bigint | null;
  /** The last time at which something is known: the cut-off, or just before it. */
  private readonly limit: bigint | null;
  /** Rows may have ends, or visits. */
  readonly hasEnds: boolean;
  readonly hasVisits: boolean;
  /** Rows may have notes with ids, providers or care sites. */
  readonly hasPlaces: boolean;
  private readonly shard: Shard;
  private readonly patient: number;
  private readonly begin: number;
  private readonly gap: number;
  private readonly list: Uint32Array | null;
  private readonly written: Digits;

  constructor(
    private readonly line: TextRows,
    { time, inclusive }: Cutoff,
    private readonly roles: Roles,
  ) {
    const shard = line._shard;
    this.subjectId = line.subjectId;
    this.length = line.length;
    this.cutoff = time;
    this.limit = time === null || inclusive ? time : time - 1n;
    this.hasEnds = roles.end >= 0;
    this.hasVisits = roles.visit >= 0;
    this.hasPlaces = roles.note >= 0 || roles.provider >= 0 || roles.careSite >= 0;
    this.shard = shard;
    this.patient = line._patient;
    this.begin = line._begin;
    this.gap = line._gap;
    this.list = line._rows;
    this.written = shard.valueBits === null ? DOUBLE : SINGLE;
    this.staticCount = line.staticCount;
  }

  /** Static rows, and the last timed rows: what a budget keeps. */
  last(count: number): Known {
    const { staticCount, length, line, roles, cutoff } = this;
    if (count >= length - staticCount) return this;
    const rows = Uint32Array.from({ length: staticCount + count }, (_, i) =>
      this.row(i < staticCount ? i : length - staticCount - count + i),
    );
    const { subjectId, _shard, _patient } = line;
    const part = { subjectId, length: rows.length, staticCount, _shard, _patient, _begin: 0, _gap: 0, _rows: rows };
    return new Known(part, { time: cutoff, inclusive: this.limit === cutoff }, roles);
  }

  /** The row of the shard. */
  row(i: number): number {
    if (this.list !== null) return this.list[i]!;
    return this.begin + i + (i < this.staticCount ? 0 : this.gap);
  }

  /** Id of the code. */
  code(i: number): number {
    return this.shard.codeIds[this.row(i)]!;
  }

  /** Microseconds since 1970-01-01: a number within 2^53, else a bigint. Null for a static row. */
  time(i: number): number | bigint | null {
    const row = this.row(i);
    const words = this.shard.timeWords;
    const high = words[2 * row + 1]!;
    if (high > -2097152 && high < 2097152) return high * HIGH + (words[2 * row]! >>> 0);
    return this.shard.micros(row);
  }

  /** The numeric value as text, with the digits of the source: 7.1, not 7.099999904632568. Null without one. */
  number(i: number): string | null {
    const value = this.value(i);
    return value === null ? null : this.digits(value);
  }

  /** The numeric value, or null. */
  value(i: number): number | null {
    const row = this.row(i);
    const value = this.shard.numericValues[row]!;
    return value <= Number.POSITIVE_INFINITY ? value : this.shard.oddValue(row);
  }

  /** A number as text. */
  digits(value: number): string {
    return this.written.of(value);
  }

  unit(i: number): string | null {
    const { shard } = this;
    const { legend } = shard.store;
    const row = this.row(i);
    const own = legend.unitColumn;
    return legend.unit(own < 0 ? null : shard.field(own).value(row, this.patient), shard.codeIds[row]!);
  }

  /** The end of what begins at this row; null where it is not known at the cut-off. */
  end(i: number): number | bigint | null {
    const end = this.at(this.roles.end, i) as number | bigint | null;
    return end === null || this.limit === null || end <= this.limit ? end : null;
  }

  visit(i: number): Value | null {
    return this.at(this.roles.visit, i);
  }

  type(i: number): string | null {
    return this.textAt(this.roles.type, i);
  }

  text(i: number): string | null {
    return this.textAt(this.roles.text, i);
  }

  note(i: number): string | null {
    return this.textAt(this.roles.note, i);
  }

  provider(i: number): string | null {
    return this.textAt(this.roles.provider, i);
  }

  careSite(i: number): string | null {
    return this.textAt(this.roles.careSite, i);
  }

  private textAt(column: number, i: number): string | null {
    const value = this.at(column, i);
    return value === null || typeof value === "string" ? value : String(value);
  }

  private at(column: number, i: number): Value | null {
    return column < 0 ? null : this.shard.field(column).value(this.row(i), this.patient);
  }
}
