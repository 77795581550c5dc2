import { Buffer } from "node:buffer";
import { failGiven, textOf } from "../support/arguments.js";
import { fail, failClosed, failCorrupt } from "../support/errors.js";
import { Dictionary } from "./dictionary.js";
import type { MappedFile } from "./mapped-file.js";
import { TextVector } from "./values/bytes.js";
import { decode } from "./values/decode.js";
import type { Value, Vector } from "./values/vector.js";

/** A code of the store. */
export interface Code {
  /** Its id: the number in {@link Timeline.codeIds}, 1 or more. */
  readonly id: number;
  /** The code itself. */
  readonly code: string;
  /** Rows that have it, over ALL patients: for display, never for fitting. */
  readonly events: number;
  /** Patients that have it, over ALL patients: for display, never for fitting. */
  readonly patients: number;
  /** From the source's codes.parquet; null where that has none. */
  readonly description: string | null;
  /** `parent_codes` of the source's codes.parquet, of all its rows of the code; empty where that has none. */
  readonly parents: readonly string[];
}

/**
 * A run of code ids [begin, end). Ids follow the codes' UTF-8 bytes, so the codes with a common prefix are such a run.
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
  ) {}

  /** Number of codes. */
  get length(): number {
    return this.end - this.begin;
  }

  /** Is a code id in the range. */
  has(id: number): boolean {
    return Number.isInteger(id) && id >= this.begin && id < this.end;
  }

  /** The ids in order. */
  [Symbol.iterator](): Iterator<number> {
    return Array.from({ length: this.length }, (_, index) => this.begin + index)[Symbol.iterator]();
  }
}

/**
 * Which codes: one or many, as strings, ids, or runs of ids such as `db.codes.withPrefix("LAB//")`; `db.codes.withAncestor(…)` gives ids. Codes that no
 * event has select nothing.
 */
export type CodeChoice = string | number | CodeRange | Iterable<string | number | CodeRange>;

/** A choice of codes as ranges of ids: begin, end, begin, end, …; `wanted` says what to give, where something is no code. */
export function codeRanges(
  table: CodeTable,
  choice: CodeChoice,
  wanted = "codes as strings, ids, ranges of ids (withPrefix), or an array of these",
): number[] {
  const ranges: number[] = [];
  const add = (begin: number, end: number): void => {
    // Ids are from 1 to size; any other is no event's.
    const [low, high] = [Math.max(begin, 1), Math.min(end, table.size + 1)];
    if (low < high) ranges.push(low, high);
  };
  const one = (code: string | number | CodeRange): void => {
    if (code instanceof CodeRange) add(code.begin, code.end);
    else {
      const id = typeof code === "string" ? (table.id(code) ?? 0) : code;
      if (!Number.isInteger(id)) failGiven("A code", code, wanted);
      add(id, id + 1);
    }
  };
  const isMany = typeof choice === "object" && choice !== null && !(choice instanceof CodeRange) && Symbol.iterator in choice;
  if (isMany) for (const code of choice) one(code);
  else one(choice as string | number | CodeRange);
  return ranges;
}

/**
 * The table of codes: id to string and back, counts, descriptions, parents and the other columns of the source's codes.parquet. One table for all
 * shards. Ids run from 1, in order of the codes' UTF-8 bytes; 0 is unused and free for padding.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * for (const { id, code, events, description } of db.codes) {
 *   if (events > 1000) console.log(id, code, description);
 * }
 * const id = db.codes.id("MEDS_BIRTH"); // undefined where no event has it
 * console.log(id === undefined ? "no births" : db.codes.strings[id]);
 * db.close();
 * ```
 */
export class CodeTable implements Iterable<Code> {
  /** Number of codes. */
  readonly size: number;
  /** @internal Decoded on first use, shared by all shards. */
  readonly _dictionary: Dictionary<string>;
  private readonly file: MappedFile;
  private readonly text: TextVector;
  private readonly columns = new Map<string, Vector>();
  private complete = false;
  /** The codes that name a code as their parent, those without events too; made on first use. */
  private children: Map<string, string[]> | undefined;
  private readonly withAncestors: (read: (file: MappedFile) => void) => void;

  /** @internal */
  constructor(file: MappedFile, withAncestors: (read: (file: MappedFile) => void) => void) {
    this.file = file;
    this.withAncestors = withAncestors;
    const text = decode(file, file.need("code"), false);
    if (!(text instanceof TextVector) || text.length === 0) failCorrupt(file.path, "it lacks its table of codes");
    this.text = text;
    this.size = text.length - 1;
    this._dictionary = new Dictionary(text, file.path, undefined, () => this.live());
  }

  /**
   * Every code, by id; the entry at 0 is unused and `undefined`. Decoded whole on first use (0.1 µs a code). The array outlives `close()`.
   */
  get strings(): readonly string[] {
    this.live();
    if (!this.complete) {
      for (let id = 1; id <= this.size; id += 1) this._dictionary.at(id);
      this.complete = true;
    }
    return this._dictionary._table as string[];
  }

  /** The id of a code, or undefined where no event has it. */
  id(code: string): number | undefined {
    this.live();
    const bytes = Buffer.from(textOf("code", code, "a code as a string; codes.get(id) takes an id"), "utf8");
    const id = this.search((slot) => this.text.compare(slot, bytes, false) >= 0);
    // Compared as a string too: a lone surrogate and the replacement character have the same bytes.
    return id <= this.size && this._dictionary.at(id) === code ? id : undefined;
  }

  /** The codes that begin with `prefix`, compared as UTF-8 bytes; every code for "". */
  withPrefix(prefix: string): CodeRange {
    this.live();
    const bytes = Buffer.from(textOf("prefix", prefix, 'the beginning of codes as a string, such as "LAB//"'), "utf8");
    const begin = this.search((slot) => this.text.compare(slot, bytes, true) >= 0);
    return new CodeRange(
      begin,
      this.search((slot) => this.text.compare(slot, bytes, true) > 0),
    );
  }

  /**
   * The code and all codes that reach it through `parent_codes` of the source's codes.parquet, in any number of steps, also through codes that no event
   * has: ids, ascending. Empty where no event has any of them.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const diabetes = db.codes.withAncestor("ICD10CM/E08-E13");
   * const { slots } = await db.rowsWithCode(diabetes); // patients that have one of them
   * console.log(diabetes.length, slots.length);
   * db.close();
   * ```
   */
  withAncestor(code: string): Uint32Array {
    this.live();
    const found = new Set([textOf("code", code, "a code as a string")]);
    this.children ??= this.findChildren();
    // A set is walked on while it grows.
    for (const name of found) for (const child of this.children.get(name) ?? []) found.add(child);
    return Uint32Array.from([...found].map((name) => this.id(name)).filter((id) => id !== undefined)).sort();
  }

  /** What the store knows of a code id; undefined for 0 and ids outside the table. */
  get(id: number): Code | undefined {
    this.live();
    if (!this.has(id)) return undefined;
    return {
      id,
      code: this._dictionary.at(id) as string,
      events: Number(this.value("events", id)),
      patients: Number(this.value("patients", id)),
      description: this.value("description", id) as string | null,
      parents: this.parentsOf(id),
    };
  }

  /** Names of the columns that {@link CodeTable.value} reads: those of the source's codes.parquet, and `events` and `patients`. */
  get columnNames(): readonly string[] {
    return this.file.fields.map((node) => node.name);
  }

  /**
   * A column of the source's codes.parquet for a code id; null where it has none, and for 0 and ids outside the table. A known MEDS column that the
   * source lacks is null too.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is no column of the table.
   */
  value(name: string, id: number): Value | null {
    this.live();
    const known = this.has(id);
    let column = this.columns.get(name);
    if (column === undefined) {
      const node = this.file.find(name);
      if (node === undefined) {
        if (name === "description" || name === "parent_codes") return null;
        fail(
          "MEDS_UNKNOWN_COLUMN",
          `The codes have no column ${JSON.stringify(textOf("name", name, "a column's name"))}. They have: ${this.columnNames.join(", ")}.`,
          this.file.path,
        );
      }
      column = decode(this.file, node, false);
      this.columns.set(name, column);
    }
    return known ? column.at(id) : null;
  }

  /** The codes in order of id. */
  *[Symbol.iterator](): Iterator<Code> {
    for (let id = 1; id <= this.size; id += 1) yield this.get(id) as Code;
  }

  /** What `JSON.stringify` writes: the codes in order of id. */
  toJSON(): readonly Code[] {
    return [...this];
  }

  private findChildren(): Map<string, string[]> {
    const children = new Map<string, string[]>();
    const add = (code: string, parents: Value | null) => {
      for (const parent of textsOf(parents)) {
        const known = children.get(parent);
        if (known === undefined) children.set(parent, [code]);
        else known.push(code);
      }
    };
    for (let id = 1; id <= this.size; id += 1) add(this._dictionary.at(id) as string, this.value("parent_codes", id));
    this.withAncestors((file) => {
      const [codes, parents] = [file.need("code"), file.need("parent_codes")].map((node) => decode(file, node, false)) as [Vector, Vector];
      for (let row = 0; row < codes.length; row += 1) add(codes.at(row) as string, parents.at(row));
    });
    return children;
  }

  private parentsOf(id: number): string[] {
    return textsOf(this.value("parent_codes", id));
  }

  private has(id: number): boolean {
    if (typeof id !== "number") failGiven("id", id, "an id (a number); codes.id(code) has the id of a code");
    return Number.isInteger(id) && id > 0 && id <= this.size;
  }

  /** The first id at or after 1 for which a test that turns true once is true; size + 1 where it never is. */
  private search(isAfter: (id: number) => boolean): number {
    let low = 1;
    let high = this.size + 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAfter(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private live(): void {
    if (this.file.buffer.byteLength === 0) failClosed(this.file.path);
  }
}

/** The texts of a list that may be absent, and have nulls. */
function textsOf(list: Value | null): string[] {
  return ((list as (string | null)[] | null) ?? []).filter((text) => text !== null);
}
