// The codes by which patients are kept, and how the manifest of the new store records them.
import { types } from "node:util";
import type { CodePart } from "../store/choice.js";
import type { CodeTable } from "../store/codes.js";
import { CodeRange, CodeSelection, codesIn } from "../store/selection.js";

/** What a part of the choice selects in a store, and what of it no code matches. */
export interface Found {
  readonly selection: CodeSelection;
  readonly unknown: readonly string[];
}

/**
 * The codes of a part of the choice. A text that is a code means this code, even if it ends in `*`: so it was
 * before other choices were possible. A selection was made from a database of the caller, and this store was
 * opened anew, so the selection counts by the texts of its codes.
 */
export function codesOf(table: CodeTable, part: CodePart): Found {
  if (part instanceof CodeRange || part instanceof CodeSelection) {
    const texts = codesIn(part);
    const ids = texts.map((text) => table.id(text));
    const unknown = texts.filter((_, i) => ids[i] === undefined).map((text) => JSON.stringify(text));
    if (texts.length === 0 && part instanceof CodeRange) unknown.push(nameOf({ prefix: part._prefix }, part._prefix));
    return { selection: table._choices.find(ids.filter((id) => id !== undefined)).selection, unknown };
  }
  const own = typeof part === "string" ? table.id(part) : undefined;
  const { selection, misses } = table._choices.find(own ?? part, "withCode", WANTED);
  return { selection, unknown: misses.map(({ near }) => nameOf(part, near)) };
}

const WANTED = 'a code as a string ("LAB//*" is a prefix), an id, { prefix }, a RegExp, a function of a code, or a selection of db.codes';

/** A part without a code, as a message names it. `prefix`: the one of its prefixes that no code has. */
function nameOf(part: CodePart, prefix: string | null): string {
  if (typeof part === "string") return JSON.stringify(part);
  if (typeof part === "number") return `with the id ${part}`;
  if (typeof part === "function") return "that the function chooses";
  return types.isRegExp(part) ? String(part) : JSON.stringify(`${prefix}*`);
}

/** A part as the manifest records it: as text, so that it means the same in any store. */
export function recordOf(table: CodeTable, part: CodePart): readonly string[] {
  if (typeof part === "string") return [part];
  if (types.isRegExp(part)) return [String(part)];
  if (typeof part === "object" && "prefix" in part) return [part.prefix].flat().map((prefix) => `${prefix}*`);
  return codesIn(codesOf(table, part).selection);
}
