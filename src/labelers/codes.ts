import { type CodeChoice, memberTable } from "../store/choice.js";
import type { CodeTable } from "../store/codes.js";
import { expected } from "../support/arguments.js";

/**
 * The codes of a labeler, chosen as everywhere. The choice is applied to a store when the labeler runs, so
 * that one labeler serves several stores (unless it contains ids or selections).
 */
export type LabelCodes = CodeChoice;

/** By code id: 1 if it is chosen. */
export function membersOf(name: string, table: CodeTable, choice: LabelCodes): Uint8Array {
  return memberTable(name, table, choice) ?? expected(name, choice, 'codes, such as "MEDS_DEATH" or { prefix: "ICU_ADMISSION//" }');
}
