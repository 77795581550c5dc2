import type { CodeTable } from "../store/codes.js";
import { type CodePredicate, memberTable } from "../store/predicate.js";
import { failGiven } from "../support/arguments.js";

/**
 * Which codes a labeler means: as everywhere (strings, ids, ranges of ids, a function of the code), or all that begin with one of some prefixes:
 * `{ prefix: "HOSPITAL_ADMISSION" }`. Compared as they are asked of a store, so that a labeler serves for several stores, where it holds no ids.
 */
export type LabelCodes = CodePredicate | { readonly prefix: string | readonly string[] };

/** By code id: 1 where a code is meant. A choice that no code of the store fits is warned of: all labels would be the same. */
export function membersOf(name: string, table: CodeTable, choice: LabelCodes): Uint8Array {
  if (choice === undefined) failGiven(name, choice, 'codes, such as "MEDS_DEATH" or { prefix: "ICU_ADMISSION//" }');
  const members = memberTable(name, table, isPrefixes(choice) ? rangesOf(name, table, choice.prefix) : choice)!;
  if (!members.includes(1)) {
    const message = `${name}: the store has none of these codes. Is one of them misspelt, or the store of another vocabulary?`;
    process.emitWarning(message, { type: "MedsWarning", code: "MEDS_NO_CODE" });
  }
  return members;
}

function isPrefixes(choice: LabelCodes): choice is { readonly prefix: string | readonly string[] } {
  return typeof choice === "object" && choice !== null && "prefix" in choice;
}

function rangesOf(name: string, table: CodeTable, prefix: string | readonly string[]) {
  const prefixes: readonly unknown[] = Array.isArray(prefix) ? prefix : [prefix];
  return prefixes.map((one) =>
    typeof one === "string" && one !== "" ? table.withPrefix(one) : failGiven(`${name}.prefix`, one, "the beginning of codes, or several"),
  );
}
