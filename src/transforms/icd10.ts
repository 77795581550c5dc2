import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

const WHO = "ICD10/";

/** American hospitals write ICD-10-CM, and OMOP extracts call it ICD10. */
export class Icd10 implements Step {
  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    return lines.map((line) => {
      if (!line.code.startsWith(WHO)) return line;
      counts.add("converted", "codes ICD10/… renamed to ICD10CM/…");
      return line.with({ code: `ICD10CM/${line.code.slice(WHO.length)}` });
    });
  }
}
