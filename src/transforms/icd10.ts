import { remembered } from "./choice.js";
import type { Line } from "./part.js";
import type { Counts, Step } from "./step.js";

const WHO = "ICD10/";

/** American hospitals use ICD-10-CM, but OMOP extracts call it ICD10. */
export class Icd10 implements Step {
  private readonly isWho = remembered((code) => code.startsWith(WHO));

  apply(lines: readonly Line[], counts: Counts): readonly Line[] {
    return lines.map((line) => {
      if (!this.isWho(line)) return line;
      counts.add("converted", "codes ICD10/… renamed to ICD10CM/…");
      return line.with({ code: `ICD10CM/${line.code.slice(WHO.length)}` });
    });
  }
}
