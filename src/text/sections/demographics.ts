import type { Context } from "../context.js";
import { oneLine } from "../context.js";
import { ageAt } from "../person.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextItem, type TextSection } from "../section.js";

/**
 * The section with the patient's age at the prediction time, gender, race and ethnicity, as far as known rows say
 * them.
 */
export function demographics(options?: SectionOptions): SectionPlan & { readonly section: "demographics" } {
  return sectionPlan("demographics", options, { priority: 100, required: true }, []);
}

export function demographicsSection({ person, now }: Context, plan: SectionPlan): TextSection {
  const items: TextItem[] = [];
  const add = (name: string, value: string | null): void => {
    if (value !== null) items.push({ text: `${name}: ${oneLine(value)}`, rows: 1 });
  };
  const age = person.birth === null || now === null ? null : ageAt(person.birth, now);
  add("Age", age === null ? null : ageText(age));
  add("Gender", person.gender);
  add("Race", person.race);
  add("Ethnicity", person.ethnicity);
  return {
    name: plan.section,
    heading: "Patient Demographics",
    priority: plan.priority,
    required: plan.required,
    nouns: { block: "part", item: "fact" },
    keep: "first",
    blocks: [{ heading: null, items }],
  };
}

/** Small children count days, later months. */
function ageText({ days, years }: { readonly days: number; readonly years: number }): string {
  if (years >= 2) return `${years} years`;
  const months = Math.floor(days / 30.436875);
  if (months >= 1) return months === 1 ? "1 month" : `${months} months`;
  return days === 1 ? "1 day" : `${days} days`;
}
