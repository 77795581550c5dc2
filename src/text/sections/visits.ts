import { oneOf, wholeOf } from "../../support/arguments.js";
import { DAY } from "../../support/time.js";
import { type Context, counted } from "../context.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextBlock, type TextItem, type TextSection } from "../section.js";
import { isVisit, type Stay } from "../stays.js";
import { eventItems } from "./event-items.js";

/** Options of {@link visits}. */
export interface VisitsOptions extends SectionOptions {
  /** Which visit comes first. Default: `recent`. A short budget keeps the latest visits in both orders. */
  readonly order?: "recent" | "oldest" | undefined;
  /** Values of each event of a visit: the last ones. Default: 3. */
  readonly values?: number | undefined;
}

export interface VisitsPlan extends SectionPlan {
  readonly section: "visits";
  readonly order: "recent" | "oldest";
  readonly values: number;
}

/**
 * The section with what happened at each visit: conditions, medications, procedures, measurements and further events,
 * each once per visit with its last values.
 */
export function visits(options?: VisitsOptions): VisitsPlan {
  const plan = sectionPlan("visits", options, { priority: 50 }, ["order", "values"]);
  return {
    ...plan,
    order: oneOf("order", options?.order, ["recent", "oldest"]),
    values: wholeOf("values", options?.values ?? 3, 1, 1000),
  };
}

/** Headings within a visit, and the types of events below each. */
const CATEGORIES: readonly (readonly [heading: string, types: readonly string[]])[] = [
  ["Conditions", ["condition", "condition_occurrence", "death"]],
  ["Medications", ["drug_exposure"]],
  ["Procedures", ["procedure", "procedure_occurrence", "device_exposure"]],
  ["Measurements", ["measurement"]],
];
const OTHER = "Other Events";
const CATEGORY = new Map(CATEGORIES.flatMap(([heading, types]) => types.map((type) => [type, heading])));
const HEADINGS = [...CATEGORIES.map(([heading]) => heading), OTHER];

export function visitsSection(context: Context, plan: VisitsPlan): TextSection {
  const shown = context.stays
    .map((stay) => ({ stay, rows: stay.rows.filter((row) => isShown(context, row)) }))
    .filter(({ rows }) => rows.length > 0);
  if (plan.order === "recent") shown.reverse();
  const blocks = shown.map(({ stay, rows }) => new VisitBlock(context, visitHeading(context, stay), rows, plan.values));
  return {
    name: plan.section,
    heading: `Detailed Past Medical Visits (most ${plan.order === "recent" ? "recent" : "distant"} first)`,
    priority: plan.priority,
    required: plan.required,
    nouns: { block: "visit", item: "event" },
    keep: plan.order === "recent" ? "first" : "last",
    blocks,
  };
}

/** A visit. Its items are made when they are asked for: a short budget has room for few visits. */
class VisitBlock implements TextBlock {
  readonly rows: number;
  private made: readonly TextItem[] | undefined;

  constructor(
    private readonly context: Context,
    readonly heading: string,
    private readonly shown: readonly number[],
    private readonly values: number,
  ) {
    this.rows = shown.length;
  }

  get items(): readonly TextItem[] {
    this.made ??= this.make();
    return this.made;
  }

  private make(): TextItem[] {
    const { context, shown, values } = this;
    const byHeading = new Map<string, number[]>();
    for (const row of shown) {
      const heading = CATEGORY.get(context.shared.types.of(context.known, row)) ?? OTHER;
      const list = byHeading.get(heading);
      if (list === undefined) byHeading.set(heading, [row]);
      else list.push(row);
    }
    return HEADINGS.flatMap((heading): TextItem[] => {
      const own = byHeading.get(heading);
      if (own === undefined) return [];
      const [first, ...rest] = eventItems(context, own, values, "first");
      return [{ ...first!, heading }, ...rest];
    });
  }
}

/** Whether a row of a visit is an item of it: not the visit itself, a note, or a value of another section. */
function isShown(context: Context, row: number): boolean {
  const { known, shared, isMeasured } = context;
  const type = shared.types.of(known, row);
  return !isVisit(type) && type !== "note" && !isMeasured(known.code(row)) && context.isEvent(row);
}

/** "Inpatient Visit on 2023-12-20 (12 days before prediction time, duration: 3 days)". */
export function visitHeading(context: Context, stay: Stay): string {
  const facts = [context.before(stay.from), lengthOf(context, stay)].filter((fact) => fact !== "");
  const name = stay.name < 0 ? "Visit" : context.name(stay.name);
  return `${name}${context.when(stay.from)}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
}

function lengthOf({ known, shared }: Context, { name, from, to }: Stay): string {
  if (to === null) {
    // An end after the cut-off and a missing one look the same.
    const mayEnd = name >= 0 && known.cutoff !== null && (known.hasEnds || shared.types.isAdmission(known.code(name)));
    return mayEnd ? "no end recorded yet" : "";
  }
  const days = (to - from) / DAY;
  return days <= 0n ? "" : `duration: ${counted(days, "day")}`;
}
