// What is measured: codes, units and ranges, from a JSON file.
import { readFileSync } from "node:fs";
import type { CodeChoice } from "../store/choice.js";
import { failBundled, inPackage } from "../store/package-files.js";
import type { Store } from "../store/store.js";
import { conflict, expected, shown } from "../support/arguments.js";
import { withIo } from "../support/io.js";

/** Something that is measured under several codes, in several units. */
export interface Concept {
  readonly name: string;
  /** The unit in which its values are shown. */
  readonly unit: string;
  /** Its codes, as in {@link CodeChoice}. */
  readonly codes: readonly string[];
  /** Values outside this range are errors of measurement: they are left out. */
  readonly plausible?: readonly [low: number, high: number] | undefined;
  /** Values of a healthy adult. */
  readonly normal?: readonly [low: number, high: number] | undefined;
  /** Decimals that are shown. */
  readonly decimals: number;
  /** By unit of the data: the factor to `unit`, or the factor and what is added then. */
  readonly units: Readonly<Record<string, number | readonly [factor: number, offset: number]>>;
}

/** Concepts below one heading. */
export interface ConceptGroup {
  readonly heading: string;
  readonly concepts: readonly Concept[];
}

/** A list of concepts: the content of a file such as `data/concepts.json` of this package. */
export interface ConceptList {
  readonly groups: readonly ConceptGroup[];
}

let usual: ConceptList | undefined;

/** The list in a file, or that of this package. */
export function conceptsOf(given: string | ConceptList | undefined): ConceptList {
  if (typeof given === "object" && given !== null) return checked(given, "`concepts`");
  if (given !== undefined && typeof given !== "string") expected("concepts", given, "the path of a JSON file, or its content");
  if (given === undefined) {
    usual ??= fromFile(inPackage("../data/concepts.json") ?? failBundled("data/concepts.json"));
    return usual;
  }
  return fromFile(given);
}

function fromFile(file: string | URL): ConceptList {
  const text = withIo(String(file), () => readFileSync(file, "utf8"));
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    conflict(`${String(file)} is not JSON: ${(error as Error).message}. Correct the file.`);
  }
  return checked(list, String(file));
}

function checked(list: unknown, where: string): ConceptList {
  const groups = (list as ConceptList | null)?.groups;
  if (!Array.isArray(groups)) conflict(`${where} has no list \`groups\`. See data/concepts.json of this package for the form.`);
  for (const group of groups as readonly ConceptGroup[]) {
    if (typeof group?.heading !== "string" || !Array.isArray(group.concepts))
      conflict(`${where} has a group without \`heading\` or \`concepts\`: ${shown(group)}.`);
    for (const concept of group.concepts) check(concept, where);
  }
  return list as ConceptList;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isPair = (value: unknown): value is [number, number] => Array.isArray(value) && value.length === 2 && value.every(isNumber);
const isRange = (value: unknown): boolean => value === undefined || (isPair(value) && value[0] <= value[1]);

function check(concept: Concept, where: string): void {
  const about = `${where}: the concept ${shown(concept?.name)}`;
  if (typeof concept?.name !== "string" || typeof concept.unit !== "string") conflict(`${about} requires \`name\` and \`unit\`, as texts.`);
  if (!Array.isArray(concept.codes) || concept.codes.some((code) => typeof code !== "string"))
    conflict(`${about} requires \`codes\`, a list of texts such as "LOINC/8867-4".`);
  if (!isRange(concept.plausible) || !isRange(concept.normal))
    conflict(`${about} has a range that is not [low, high]. Correct \`plausible\` or \`normal\`.`);
  if (!Number.isInteger(concept.decimals) || concept.decimals < 0 || concept.decimals > 10)
    conflict(`${about} requires \`decimals\`, a whole number from 0 to 10.`);
  const units = Object.values(concept.units ?? {});
  if (units.some((unit) => !isNumber(unit) && !isPair(unit)))
    conflict(`${about} has a unit without a factor. \`units\` has a factor for each unit, or [factor, offset].`);
}

/** The concepts of a list by the codes of a store. */
export class ConceptTable {
  /** By code id, its concept; undefined where it has none. */
  readonly byCode: (Concept | undefined)[] = [];
  private readonly units: (string | null | undefined)[] = [];

  constructor(
    private readonly store: Store,
    readonly list: ConceptList,
  ) {
    for (const concept of list.groups.flatMap(({ concepts }) => concepts)) {
      // Most stores have few of the codes: this is no reason for a warning.
      const { selection } = store.codes._choices.find(concept.codes as CodeChoice, "codes");
      for (const id of selection) this.byCode[id] ??= concept;
    }
  }

  /** A value in the unit of its concept; null where its unit is unknown, or the value cannot be right. */
  value(concept: Concept, value: number, unit: string | null, code: number): number | null {
    const own = unit ?? this.unitIn(code);
    const factor = own === null || own === concept.unit ? 1 : concept.units[own];
    if (factor === undefined) return null;
    const found = typeof factor === "number" ? value * factor : value * factor[0] + factor[1];
    const [low, high] = concept.plausible ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return found >= low && found <= high ? found : null;
  }

  /** The unit in a code of MIMIC-IV, such as `LAB//50912//mg/dL`, or `Weight (Lbs)`. */
  private unitIn(id: number): string | null {
    const known = this.units[id];
    if (known !== undefined) return known;
    const code = this.store.codes._dictionary.at(id) as string;
    const [, , last] = code.split("//");
    const found = last ?? /\(([^()]+)\)$/.exec(code)?.[1] ?? null;
    this.units[id] = found === "UNK" ? null : found;
    return this.units[id]!;
  }
}
