// The table of sections: a name for each, and the function that makes it.
import type { Context } from "../context.js";
import type { SectionPlan, TextSection } from "../section.js";
import { type CustomPlan, customSection } from "./custom.js";
import { demographics, demographicsSection } from "./demographics.js";
import { type GeneralEventsPlan, generalEvents, generalEventsSection } from "./general-events.js";
import { type LatestValuesPlan, latestValues, latestValuesSections } from "./latest-values.js";
import { type NotesPlan, notesSection } from "./notes.js";
import { visitList, visitListSection } from "./visit-list.js";
import { type VisitsPlan, visits, visitsSection } from "./visits.js";

/** A section of a text: what `demographics()` and its like return. */
export type Section =
  | (SectionPlan & { readonly section: "demographics" | "visitList" })
  | LatestValuesPlan
  | VisitsPlan
  | GeneralEventsPlan
  | NotesPlan
  | CustomPlan;

const MAKE: { readonly [name in Section["section"]]: (context: Context, plan: never) => TextSection | readonly TextSection[] } = {
  demographics: demographicsSection,
  latestValues: latestValuesSections,
  visitList: visitListSection,
  visits: visitsSection,
  generalEvents: generalEventsSection,
  notes: notesSection,
  custom: customSection,
};

export const SECTION_NAMES: readonly string[] = Object.keys(MAKE);

/** The sections that a text has where the caller names none. */
export function usualSections(): readonly Section[] {
  return [demographics(), latestValues(), visitList(), generalEvents(), visits()];
}

export function madeSections(context: Context, plan: Section): readonly TextSection[] {
  const made = MAKE[plan.section](context, plan as never);
  return Array.isArray(made) ? (made as readonly TextSection[]) : [made as TextSection];
}
