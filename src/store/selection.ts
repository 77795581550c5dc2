/** A table of codes: strings by id. */
interface NamedCodes {
  readonly size: number;
  readonly strings: readonly (string | undefined)[];
  /** Stores with one content id have equal tables. */
  readonly _contentId: string;
}

/**
 * A run of code ids [begin, end). Ids are in the order of the codes' UTF-8 bytes, so codes with a common
 * prefix form a run.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labs = db.codes.withPrefix("LAB//");
 * for (const id of labs) console.log(id, db.codes.strings[id]);
 * console.log(db.at(0)?.withCode(labs).length);
 * db.close();
 * ```
 */
export class CodeRange {
  /** @internal */
  constructor(
    /** The first id. */
    readonly begin: number,
    /** One more than the last id. */
    readonly end: number,
    /** @internal The prefix that all codes of the range have, and no other. */
    readonly _prefix: string,
    /** @internal The table of codes that it was made from. */
    readonly _table: NamedCodes,
  ) {}

  /** Number of codes. */
  get length(): number {
    return this.end - this.begin;
  }

  /** Whether a code id is in this range. */
  has(id: number): boolean {
    return Number.isInteger(id) && id >= this.begin && id < this.end;
  }

  /** The ids in order. */
  [Symbol.iterator](): Iterator<number> {
    return idsIn([this.begin, this.end]);
  }

  /** What `JSON.stringify` writes. */
  toJSON(): { readonly begin: number; readonly end: number } {
    return { begin: this.begin, end: this.end };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { begin: this.begin, end: this.end };
  }
}

/**
 * Some codes of a database: {@link CodeTable.select} makes it from any {@link CodeChoice}. It can be used
 * wherever codes are chosen, in databases of this store and of copies of it. Use one in a loop: the choice is then applied once.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const masses = db.codes.select(/mg.dL$/i);
 * let rows = 0;
 * for (const patient of db) rows += patient.withCode(masses).length;
 * console.log(masses.length, rows);
 * db.close();
 * ```
 */
export class CodeSelection implements Iterable<number> {
  /** Number of codes. */
  readonly length: number;
  /** @internal Ids as begin, end, begin, end, …: ascending, and no range touches the next. */
  readonly _ranges: readonly number[];
  /** @internal The table of codes that it was made from. */
  readonly _table: NamedCodes;
  private bytes: Uint8Array | undefined;

  /** @internal */
  constructor(table: NamedCodes, ranges: readonly number[]) {
    this._table = table;
    this._ranges = ranges;
    let length = 0;
    for (let at = 0; at < ranges.length; at += 2) length += ranges[at + 1]! - ranges[at]!;
    this.length = length;
  }

  /** Whether a code id is in the selection. */
  has(id: number): boolean {
    return this._members[id] === 1;
  }

  /** The ids in order. */
  [Symbol.iterator](): Iterator<number> {
    return idsIn(this._ranges);
  }

  /** @internal Was the table of {@link CodeSelection._members} made. */
  get _hasMembers(): boolean {
    return this.bytes !== undefined;
  }

  /** @internal By code id: 1 if it is chosen. Not to be changed. */
  get _members(): Uint8Array {
    if (this.bytes === undefined) {
      this.bytes = new Uint8Array(this._table.size + 1);
      for (let at = 0; at < this._ranges.length; at += 2) this.bytes.fill(1, this._ranges[at], this._ranges[at + 1]);
    }
    return this.bytes;
  }

  /** What `JSON.stringify` writes: the codes, which mean the same in any store. */
  toJSON(): readonly string[] {
    return codesIn(this);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { length: this.length };
  }
}

/** The codes themselves: what a selection means in another store. */
export function codesIn(chosen: CodeRange | CodeSelection): string[] {
  const { strings } = chosen._table;
  return Array.from(chosen, (id) => strings[id]!);
}

function* idsIn(ranges: readonly number[]): Generator<number, undefined> {
  for (let at = 0; at < ranges.length; at += 2) for (let id = ranges[at]!; id < ranges[at + 1]!; id += 1) yield id;
}

/** Ranges of ids in any order, as ascending ranges that do not touch. */
export function merged(ranges: readonly number[]): readonly number[] {
  if (ranges.length <= 2) return ranges;
  const starts = Array.from({ length: ranges.length / 2 }, (_, index) => 2 * index).sort((a, b) => ranges[a]! - ranges[b]!);
  const found: number[] = [];
  for (const at of starts) {
    const last = found.length - 1;
    if (last > 0 && ranges[at]! <= found[last]!) found[last] = Math.max(found[last]!, ranges[at + 1]!);
    else found.push(ranges[at]!, ranges[at + 1]!);
  }
  return found;
}
