import { wholeOf } from "../../support/arguments.js";
import type { Context } from "../context.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextSection } from "../section.js";
import { isVisit } from "../stays.js";
import { eventItems } from "./event-items.js";

/** Options of {@link generalEvents}. */
export interface GeneralEventsOptions extends SectionOptions {
  /** Values of each event: the last ones. Default: 3. */
  readonly values?: number | undefined;
}

export interface GeneralEventsPlan extends SectionPlan {
  readonly section: "generalEvents";
  readonly values: number;
}

/** The section with the events that belong to no visit, each once with its last values, the latest event first. */
export function generalEvents(options?: GeneralEventsOptions): GeneralEventsPlan {
  const plan = sectionPlan("generalEvents", options, { priority: 40 }, ["values"]);
  return { ...plan, values: wholeOf("values", options?.values ?? 3, 1, 1000) };
}

export function generalEventsSection(context: Context, plan: GeneralEventsPlan): TextSection {
  const { known, shared, isMeasured } = context;
  const rows: number[] = [];
  for (let i = 0; i < known.length; i += 1) {
    const type = shared.types.of(known, i);
    if (known.visit(i) !== null && i >= known.staticCount) continue;
    if (type !== "note" && !isVisit(type) && !isMeasured(known.code(i)) && context.isEvent(i)) rows.push(i);
  }
  return {
    name: plan.section,
    heading: "General Medical Events",
    priority: plan.priority,
    required: plan.required,
    nouns: { block: "part", item: "event" },
    keep: "first",
    blocks: [{ heading: null, items: eventItems(context, rows, plan.values, "latest") }],
  };
}
