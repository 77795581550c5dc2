import { Buffer } from "node:buffer";
import { expected, textOf } from "../support/arguments.js";
import { fail, failClosed, failCorrupt } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { ANCESTORS, Choices, type CodeChoice } from "./choice.js";
import { Dictionary } from "./dictionary.js";
import type { MappedFile } from "./mapped-file.js";
import { nearest } from "./nearest.js";
import { CodeSearch, type SearchOptions } from "./search.js";
import { CodeRange, type CodeSelection } from "./selection.js";
import { TextVector } from "./values/bytes.js";
import { decode } from "./values/decode.js";
import type { Value, Vector } from "./values/vector.js";

/** One code of the store. */
export interface Code {
  /** Its id: the number in {@link Timeline.codeIds}, 1 or more. */
  readonly id: number;
  /** The code itself. */
  readonly code: string;
  /** Number of rows with this code, over ALL patients: for display, never for fitting. */
  readonly events: number;
  /** Number of patients with this code, over ALL patients: for display, never for fitting. */
  readonly patients: number;
  /** From the source's codes.parquet; null where it has no description. */
  readonly description: string | null;
  /** `parent_codes` from all rows of this code in the source's codes.parquet; empty where there are none. */
  readonly parents: readonly string[];
}

/** The codes by id. No code has the id 0. */
export type CodeStrings = readonly string[] & { readonly 0: undefined };

/**
 * The table of codes: id to string and back, counts, descriptions, parents and the other columns of the
 * source's codes.parquet. All shards share one table. Ids start at 1, in the order of the codes' UTF-8 bytes;
 * 0 is unused and free for padding.
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
  /** @internal Stores with one content id have equal tables. */
  readonly _contentId: string;
  /** @internal What choices of codes select. */
  readonly _choices: Choices = new Choices(this);
  private readonly file: MappedFile;
  private readonly text: TextVector;
  private readonly columns = new Map<string, Vector>();
  private complete = false;
  private searched: CodeSearch | undefined;
  /** By code, the codes that name it as their parent, including those without events; built on first use. */
  private children: Map<string, string[]> | undefined;
  private readonly withAncestors: (read: (file: MappedFile) => void) => void;

  /** @internal */
  constructor(file: MappedFile, contentId: string, withAncestors: (read: (file: MappedFile) => void) => void) {
    this.file = file;
    this._contentId = contentId;
    this.withAncestors = withAncestors;
    const text = decode(file, file.need("code"), false);
    if (!(text instanceof TextVector) || text.length === 0) failCorrupt(file.path, "the table of codes is missing");
    this.text = text;
    this.size = text.length - 1;
    this._dictionary = new Dictionary(text, file.path, undefined, () => this.live());
  }

  /**
   * Every code, by id. The entry at 0, which is free for padding, is a hole: it reads as `undefined`, and
   * `filter`, `map` and `forEach` leave it out. A `for…of` loop does not: go through `db.codes` instead. All
   * codes are decoded on first use (0.1 µs per code). The array stays valid after `close()`.
   */
  get strings(): CodeStrings {
    this.live();
    if (!this.complete) {
      for (let id = 1; id <= this.size; id += 1) this._dictionary.at(id);
      this.complete = true;
    }
    return this._dictionary._table as unknown as CodeStrings;
  }

  /** The id of a code, or undefined where no event has it. */
  id(code: string): number | undefined {
    this.live();
    const bytes = Buffer.from(textOf("code", code, "a code, as a string; codes.get(id) takes an id"), "utf8");
    const id = this.firstThat((slot) => this.text.compare(slot, bytes, false) >= 0);
    // Compared as a string too: a lone surrogate and the replacement character have the same bytes.
    return id <= this.size && this._dictionary.at(id) === code ? id : undefined;
  }

  /** The codes that begin with `prefix`, compared as UTF-8 bytes; every code for "". */
  withPrefix(prefix: string): CodeRange {
    this.live();
    const bytes = Buffer.from(textOf("prefix", prefix, 'the beginning of codes, as a string such as "LAB//"'), "utf8");
    const begin = this.firstThat((slot) => this.text.compare(slot, bytes, true) >= 0);
    return new CodeRange(
      begin,
      this.firstThat((slot) => this.text.compare(slot, bytes, true) > 0),
      prefix,
      this,
    );
  }

  /**
   * The codes that a choice selects, for use wherever codes are chosen in this database. A choice of strings,
   * prefixes and expressions is remembered in any case; for functions and long lists in a loop, a selection
   * saves applying them again.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a value that cannot be a choice of codes, and for a string
   * that ends in `*` and is both a code and the prefix of others.
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const labs = db.codes.select(["LAB//*", { prefix: "VITAL//" }, /admission/i]);
   * const described = db.codes.select(({ description }) => description !== null);
   * console.log(labs.length, described.length, db.at(0)?.withCode(labs).length);
   * db.close();
   * ```
   */
  select(choice: CodeChoice): CodeSelection {
    this.live();
    return this._choices.of(choice);
  }

  /**
   * Ids, ascending, of the code and of all codes below it: those that reach it through `parent_codes` of the
   * source's codes.parquet, in any number of steps, also through codes that no event has. Empty where no
   * event has any of them.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const diabetes = db.codes.withAncestor("ICD10CM/E08-E13");
   * if (diabetes.length > 0) {
   *   const { slots } = await db.rowsWithCode(diabetes); // patients with one of them
   *   console.log(diabetes.length, slots.length);
   * }
   * db.close();
   * ```
   */
  withAncestor(code: string): Uint32Array {
    this.live();
    const found = new Set([textOf("code", code, "a code, as a string")]);
    this.children ??= this.findChildren();
    // Iteration over a set includes the entries that are added meanwhile.
    for (const name of found) for (const child of this.children.get(name) ?? []) found.add(child);
    const ids = Uint32Array.from([...found].map((name) => this.id(name)).filter((id) => id !== undefined)).sort();
    ANCESTORS.set(ids, { code, contentId: this._contentId });
    return ids;
  }

  /**
   * The codes that contain all words of a text, in their code or description, in upper or lower case. First the
   * code that is the text itself, then codes in which the words begin words, then the others; of equal ones,
   * first those with more events. The first call reads all codes (2 µs per code), later ones take 0.1 µs per
   * code.
   *
   * @example
   * ```ts
   * import { PatientDatabase } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * for (const { code, description, events } of db.codes.search("admission emergency", { limit: 5 }))
   *   console.log(code, description, events);
   * db.close();
   * ```
   */
  search(text: string, options?: SearchOptions): Code[] {
    this.live();
    this.searched ??= new CodeSearch(this);
    return this.searched.find(text, options);
  }

  /**
   * The codes that are nearest to a text, at most three: those that begin with it or contain it, in upper or
   * lower case, else those that differ in few letters or have the same first parts. For messages about a code
   * that does not exist.
   */
  nearest(text: string): string[] {
    this.live();
    return nearest(this, textOf("text", text, "a code or a part of one, as a string"));
  }

  /**
   * The code of an id, with its counts, description and parents; undefined for 0 and ids outside the table.
   */
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

  /**
   * Names of the columns that {@link CodeTable.value} reads: those of the source's codes.parquet, `events`
   * and `patients`.
   */
  get columnNames(): readonly string[] {
    return this.file.fields.map((node) => node.name);
  }

  /**
   * The value of a column of the source's codes.parquet for a code id. Null where the code has no value, for
   * 0, for ids outside the table, and for `description` and `parent_codes` where the source lacks them.
   *
   * @throws MedsError `MEDS_UNKNOWN_COLUMN` for a name that is not a column of the table.
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
          `The codes have no column ${JSON.stringify(textOf("name", name, "the name of a column"))}. The columns are ${this.columnNames.join(", ")}.`,
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
    if (typeof id !== "number") expected("id", id, "a number; codes.id(code) returns the id of a code");
    return Number.isInteger(id) && id > 0 && id <= this.size;
  }

  /**
   * The first id, from 1, that passes the test; size + 1 where none does. Ids after one that passes must pass
   * too.
   */
  private firstThat(isAfter: (id: number) => boolean): number {
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

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    if (this.file.buffer.byteLength === 0) return shownAs("CodeTable", { closed: this.file.path });
    return shownAs("CodeTable", { size: this.size, columnNames: this.columnNames.join(", ") });
  }
}

/** The strings of a list that may be null and may contain nulls. */
function textsOf(list: Value | null): string[] {
  return ((list as (string | null)[] | null) ?? []).filter((text) => text !== null);
}
