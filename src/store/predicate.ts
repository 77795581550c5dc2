import { expected } from "../support/arguments.js";
import { type Code, type CodeChoice, type CodeTable, codeRanges } from "./codes.js";

/**
 * Codes, or a function that returns for each code of the table whether it is chosen. The function does not
 * get the number of rows of a code: that number would also count held-out patients.
 */
export type CodePredicate = CodeChoice | ((code: Pick<Code, "id" | "code" | "description" | "parents">) => boolean);

/** By code id: 1 where the code is chosen; null where there is no choice. */
export function memberTable(name: string, table: CodeTable, choice: CodePredicate | undefined): Uint8Array | null {
  if (choice === undefined) return null;
  const members = new Uint8Array(table.size + 1);
  if (typeof choice === "function") {
    for (const { id, code, description, parents } of table) {
      const chosen: unknown = choice({ id, code, description, parents });
      if (typeof chosen !== "boolean") expected(`The result of \`${name}\` for code ${code}`, chosen, "true or false");
      if (chosen) members[id] = 1;
    }
  } else {
    const ranges = codeRanges(table, choice);
    for (let at = 0; at < ranges.length; at += 2) members.fill(1, ranges[at], ranges[at + 1]);
  }
  return members;
}
