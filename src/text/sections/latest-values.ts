import { flagOf, wholeOf } from "../../support/arguments.js";
import { type Concept, type ConceptList, conceptsOf } from "../concepts.js";
import type { Context } from "../context.js";
import { ageAt } from "../person.js";
import { type SectionOptions, type SectionPlan, sectionPlan, type TextBlock, type TextItem, type TextSection } from "../section.js";

/** Options of {@link latestValues}. */
export interface LatestValuesOptions extends SectionOptions {
  /**
   * What is measured: the path of a JSON file, or its content. Default: `data/concepts.json` of this package, with body
   * metrics, vital signs and frequent laboratory tests. It says where codes and ranges come from.
   */
  readonly concepts?: string | ConceptList | undefined;
  /** Values of each concept, the latest first. Default: 3. */
  readonly values?: number | undefined;
  /** Write the day of each value. Default: false. */
  readonly dates?: boolean | undefined;
  /** Name the concepts without a value too. Default: false. */
  readonly absent?: boolean | undefined;
}

export interface LatestValuesPlan extends SectionPlan {
  readonly section: "latestValues";
  readonly concepts: ConceptList;
  readonly values: number;
  readonly dates: boolean;
  readonly absent: boolean;
}

/**
 * The section with the latest values of each concept, in one unit. Values with another unit, and those that cannot be
 * right, are left out. For adults, each value is rated low, normal or high. Rows with these codes are not repeated in
 * other sections.
 */
export function latestValues(options?: LatestValuesOptions): LatestValuesPlan {
  const plan = sectionPlan("latestValues", options, { priority: 80 }, ["concepts", "values", "dates", "absent"]);
  return {
    ...plan,
    concepts: conceptsOf(options?.concepts),
    values: wholeOf("values", options?.values ?? 3, 1, 1000),
    dates: flagOf("dates", options?.dates, false),
    absent: flagOf("absent", options?.absent, false),
  };
}

interface Found {
  readonly row: number;
  readonly value: number;
}

export function latestValuesSections(context: Context, plan: LatestValuesPlan): TextSection[] {
  const { known, person, now } = context;
  const table = context.conceptsOf(plan.concepts);
  const latest = new Map<Concept, Found[]>();
  for (let row = known.length - 1; row >= 0; row -= 1) {
    const code = known.code(row);
    const concept = table.byCode[code];
    if (concept === undefined) continue;
    const found = latest.get(concept) ?? [];
    if (found.length >= plan.values) continue;
    const own = known.value(row);
    const value = own === null || Number.isNaN(own) ? null : table.value(concept, own, known.unit(row), code);
    if (value === null) continue;
    found.push({ row, value });
    latest.set(concept, found);
  }
  // Ranges of adults say nothing about children.
  const isAdult = person.birth !== null && now !== null && ageAt(person.birth, now).years >= 18;
  return plan.concepts.groups.map(({ heading, concepts }) => {
    const items = concepts.flatMap((concept): TextItem[] => {
      const found = latest.get(concept);
      if (found === undefined) return plan.absent ? [{ text: `${concept.name}: no recent value`, rows: 0 }] : [];
      const values = found.map(({ row, value }) => {
        const rating = isAdult ? ratingOf(concept, value) : "";
        const time = plan.dates ? known.time(row) : null;
        return `${value.toFixed(concept.decimals)}${rating}${time === null ? "" : context.when(BigInt(time))}`;
      });
      return [{ text: `${concept.name} (${concept.unit}): ${values.join(", ")}`, rows: found.length }];
    });
    const blocks: TextBlock[] = [{ heading: null, items }];
    const { priority, required } = plan;
    return {
      name: plan.section,
      heading,
      priority,
      required,
      nouns: { block: "part", item: "concept" },
      keep: "first",
      blocks,
    };
  });
}

function ratingOf({ normal, decimals }: Concept, value: number): string {
  if (normal === undefined) return "";
  // As it is shown: 100.4 is shown as 100, which is normal.
  const shown = Number(value.toFixed(decimals));
  if (shown < normal[0]) return " (low)";
  return shown > normal[1] ? " (high)" : " (normal)";
}
