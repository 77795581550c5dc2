import type { Context } from "../context.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextSection } from "../section.js";
import { visitHeading } from "./visits.js";

/** The section with one line for each visit, the latest first. */
export function visitList(options?: SectionOptions): SectionPlan & { readonly section: "visitList" } {
  return sectionPlan("visitList", options, { priority: 60 }, []);
}

export function visitListSection(context: Context, plan: SectionPlan): TextSection {
  const items = [...context.stays].reverse().map((stay) => ({ text: visitHeading(context, stay), rows: 1 }));
  return {
    name: plan.section,
    heading: "Past Medical Visits",
    priority: plan.priority,
    required: plan.required,
    nouns: { block: "part", item: "visit" },
    keep: "first",
    blocks: [{ heading: null, items }],
  };
}
