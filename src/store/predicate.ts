import { expected } from "../support/arguments.js";
import { type Code, type CodeChoice, type CodeTable, codeRanges } from "./codes.js";

/**
 * Codes, or a function that is called for each code of the table and returns whether it is chosen. The
 * function does not receive how often a code occurs: that number depends on held-out patients.
 */
export type CodePredicate = CodeChoice | ((code: Pick<Code, "id" | "code" | "description" | "parents">) => boolean);

/** By code id: 1 if it is chosen. Null without a choice. */
export function memberTable(name: string, table: CodeTable, choice: CodePredicate | undefined): Uint8Array | null {
  if (choice === undefined) return null;
  const members = new Uint8Array(table.size + 1);
  if (typeof choice === "function") {
    for (const { id, code, description, parents } of table) {
      const chosen: unknown = choice({ id, code, description, parents });
      if (typeof chosen !== "boolean") expected(`The result of \`${name}\` for code ${JSON.stringify(code)}`, chosen, "true or false");
      if (chosen) members[id] = 1;
    }
  } else {
    const ranges = codeRanges(table, choice);
    for (let at = 0; at < ranges.length; at += 2) members.fill(1, ranges[at], ranges[at + 1]);
  }
  return members;
}
