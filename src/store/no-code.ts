// What a caller learns about codes that the store does not contain.
import type { Miss } from "./choice.js";
import type { CodeTable } from "./codes.js";
import { nearest } from "./nearest.js";

/** The most parts of a choice that a warning names. */
const NAMED = 3;

/** After this many parts without a code, warnings name no nearest codes: they take milliseconds to find. */
const EXPLAINED = 20;

/** Warns about the parts of a choice that match no code. `count`: how many parts this is, with earlier ones. */
export function warnNoCode(table: CodeTable, name: string | undefined, misses: readonly Miss[], count: number): void {
  const message = `${name === undefined ? "" : `\`${name}\`: `}${noCode(table, misses, count <= EXPLAINED || misses.length === count)}`;
  process.emitWarning(message, { type: "MedsWarning", code: "MEDS_NO_CODE" });
}

/** "245 codes begin with "LAB//": to choose them, write "LAB//*"." Empty where none does. */
function longer(table: CodeTable, text: string): string {
  const { begin, end } = table.withPrefix(text);
  const count = end - begin;
  if (count === 0) return "";
  const [codes, them] = count === 1 ? ["1 code begins", "it"] : [`${count} codes begin`, "them"];
  return ` ${codes} with ${JSON.stringify(text)}: to choose ${them}, write ${JSON.stringify(`${text}*`)}.`;
}

/** "No code of the store is "LAB//a". The nearest is "LAB//A"." */
export function noCode(table: CodeTable, misses: readonly Miss[], isExplained = true): string {
  const sentences = misses.slice(0, NAMED).map(({ what, near }) => {
    const found = isExplained && near !== null ? nearest(table, near) : [];
    const names = found.map((code) => JSON.stringify(code)).join(", ");
    const hint = found.length === 0 ? "" : ` The nearest ${found.length === 1 ? "is" : "are"} ${names}.`;
    return `No code of the store ${what}.${hint}${near === null ? "" : longer(table, near)}`;
  });
  const more = misses.length - sentences.length;
  if (more > 0) sentences.push(`${more} more part${more === 1 ? "" : "s"} of the choice match no code.`);
  return `${sentences.join(" ")} Check the spelling, or search with db.codes.search(…).`;
}
