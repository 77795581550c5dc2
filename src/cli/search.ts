// What `--search` finds: rows whose code, description or text value contains a text or matches a regular
// expression.
import { InvalidArgumentError } from "commander";
import type { Event, PatientDatabase } from "../index.js";
import { expression } from "./arguments.js";
import { colour, width } from "./format.js";

/** A search, as `--search` describes it. Upper and lower case are the same. */
export class Search {
  private readonly all: RegExp;

  private constructor(private readonly one: RegExp) {
    this.all = new RegExp(one.source, `${one.flags}g`);
  }

  /** From the argument: a text, or a regular expression between slashes. */
  static of(argument: string): Search {
    const source = /^\/(.+)\/i?$/s.exec(argument)?.[1];
    if (argument === "") throw new InvalidArgumentError("It must not be empty.");
    if (source !== undefined) return new Search(expression(source, "iu"));
    return new Search(new RegExp(line(argument).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "iu"));
  }

  /** Whether a text of one line contains it. */
  finds(text: string): boolean {
    return this.one.test(text);
  }

  /** Whether a row of a store has it. What is found in codes is remembered. */
  rows(db: PatientDatabase, text: string | undefined): (event: Event) => boolean {
    const known = new Int8Array(db.codes.size + 1);
    return (event) => {
      const id = event.codeId;
      if (known[id] === 0) known[id] = this.finds(event.code) || this.finds(line(String(db.codes.value("description", id) ?? ""))) ? 1 : -1;
      if (known[id] === 1) return true;
      const value = text === undefined ? null : event.get(text);
      return typeof value === "string" && this.finds(line(value));
    };
  }

  /** The text from shortly before the first hit, if that hit is not within `columns`. */
  around(text: string, columns: number): string {
    const found = this.one.exec(text);
    if (found === null || width(text.slice(0, found.index + found[0].length)) < columns) return text;
    const begin = Math.max(0, found.index - Math.floor(columns / 4));
    // Not between the halves of a character, nor inside a word if one begins soon.
    const skipped = /^[\udc00-\udfff]?(?:\S{0,12}\s)?/.exec(text.slice(begin, found.index))?.[0].length ?? 0;
    return `…${text.slice(begin + skipped)}`;
  }

  /** The text with its hits highlighted, on a terminal with colours. */
  marked(text: string): string {
    return text.replace(this.all, (hit) => (hit === "" ? "" : colour.inverse(hit)));
  }
}

/** A text on one line, as a timeline shows it. */
export function line(text: string): string {
  return text.replace(/\s+/g, " ");
}
