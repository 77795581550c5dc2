import type { CodeTable } from "../store/codes.js";
import { type CodePredicate, memberTable } from "../store/predicate.js";
import { expected } from "../support/arguments.js";

/**
 * The codes of a labeler: strings, ids, ranges of ids or a function of the code, as everywhere, or all codes
 * that begin with one of some prefixes: `{ prefix: "HOSPITAL_ADMISSION" }`. The choice is applied to a store
 * when the labeler runs, so that one labeler serves several stores (unless it contains ids).
 */
export type LabelCodes = CodePredicate | { readonly prefix: string | readonly string[] };

/**
 * By code id: 1 if it is chosen. A choice without a code in the store causes a warning: all labels would be
 * the same.
 */
export function membersOf(name: string, table: CodeTable, choice: LabelCodes): Uint8Array {
  if (choice === undefined) expected(name, choice, 'codes, such as "MEDS_DEATH" or { prefix: "ICU_ADMISSION//" }');
  const members = memberTable(name, table, isPrefixes(choice) ? rangesOf(name, table, choice.prefix) : choice)!;
  if (!members.includes(1)) {
    const message = `\`${name}\`: the store contains none of these codes. Check their spelling, and the vocabulary of the store.`;
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
    typeof one === "string" && one !== ""
      ? table.withPrefix(one)
      : expected(`${name}.prefix`, one, "the beginning of codes as a string, or an array of such strings"),
  );
}
