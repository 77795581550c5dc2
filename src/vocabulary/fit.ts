import { conflict, expected } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { KnownRows } from "./known.js";
import { byBytes, Ontology, readOntology } from "./ontology.js";
import { type FitPlan, RESERVED } from "./options.js";
import { binEdges, Moments } from "./values.js";

/** A code, or the token that several codes became, with its counts among the fitted rows. */
export interface Token {
  readonly code: string;
  /** The codes that become this token. */
  readonly codes: readonly string[];
  /** Rows with this token; with ancestors also the rows of its descendants. */
  readonly rows: number;
  /** Patients with such a row. */
  readonly patients: number;
  /**
   * Number, mean and standard deviation (divided by the number) of the finite values of its own rows. Null
   * without values.
   */
  readonly values: { readonly count: number; readonly mean: number; readonly std: number } | null;
  /** Ascending bounds of its bins: one fewer than bins. Null without values, or without the option `bins`. */
  readonly edges: readonly number[] | null;
}

/** How much of some rows a vocabulary covers. */
export interface Coverage {
  readonly rows: number;
  /** Rows whose code is UNK. */
  readonly unknownRows: number;
  /** Rows without any token of the vocabulary: with ancestors at most `unknownRows`, otherwise as many. */
  readonly uncoveredRows: number;
  /** Distinct codes of the rows. */
  readonly codes: number;
  readonly unknownCodes: number;
  /** Rows with a numeric value. Infinite values are in no mean, standard deviation or bin. */
  readonly values: number;
  readonly infiniteValues: number;
}

/** The result of fitting. */
export interface Fitted {
  readonly subjects: number;
  readonly tokens: readonly Token[];
  readonly ontology: Ontology;
  readonly tally: Tally;
}

/** Counts of some rows. */
export interface Tally {
  /** Rows by code id. */
  readonly rowsOf: Float64Array;
  readonly values: number;
  readonly infiniteValues: number;
}

/** Counts rows and values. */
export function tallyOf(known: KnownRows): Tally {
  const rowsOf = new Float64Array(known.store.codes.size + 1);
  let values = 0;
  let infiniteValues = 0;
  known.forEach(({ shard, begin, count, list }) => {
    const { codeIds, numericValues, hasValues } = shard;
    let finite = 0;
    let infinite = 0;
    for (let i = 0; i < count; i += 1) {
      const row = list === null ? begin + i : list[i]!;
      rowsOf[codeIds[row]!]! += 1;
      const value = hasValues ? numericValues[row]! : Number.NaN;
      if (value !== value) continue;
      if (value - value === 0) finite += 1;
      else infinite += 1;
    }
    values += finite + infinite;
    infiniteValues += infinite;
  });
  return { rowsOf, values, infiniteValues };
}

/**
 * Counts codes and their values in one pass over the known rows. Quantiles take a second pass, over the
 * values of the codes that are kept.
 */
export async function fitTokens(known: KnownRows, plan: FitPlan): Promise<Fitted> {
  const { store } = known;
  const { chosen } = plan;
  const all = chosen.ancestors ? await readOntology(store) : new Ontology(new Map());
  store.check();
  const strings = store.codes.strings;
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? names.push(name) - 1;
    numbers.set(name, number);
    return number;
  };
  // By code id: the candidates that a row of the code counts for, its own first; -1 if it has none of its
  // own.
  const own = new Int32Array(strings.length).fill(-1);
  const bags: (readonly number[])[] = [[]];
  for (let id = 1; id < strings.length; id += 1) {
    const name = tokenOf(strings[id]!, plan);
    const bag = name === null ? [] : chosen.ancestors ? all.ancestors(name).map(numberOf) : [numberOf(name)];
    bags.push(bag);
    own[id] = bag[0] ?? -1;
  }

  const rowsOf = new Float64Array(strings.length);
  const seenBy = new Int32Array(strings.length).fill(-1);
  const touched = new Uint32Array(strings.length);
  const patients = new Float64Array(names.length);
  const countedFor = new Int32Array(names.length).fill(-1);
  const moments = new Moments(names.length);
  const needsValues = chosen.values === "z-score" || chosen.bins > 0;
  let values = 0;
  let infiniteValues = 0;
  let subjects = 0;
  known.forEach(({ index, shard, begin, count, list }) => {
    const { codeIds, numericValues, hasValues } = shard;
    let codes = 0;
    let finite = 0;
    let infinite = 0;
    for (let i = 0; i < count; i += 1) {
      const row = list === null ? begin + i : list[i]!;
      const id = codeIds[row]!;
      rowsOf[id]! += 1;
      if (seenBy[id] !== index) {
        seenBy[id] = index;
        touched[codes] = id;
        codes += 1;
      }
      const value = hasValues ? numericValues[row]! : Number.NaN;
      if (value !== value) continue;
      if (value - value !== 0) infinite += 1;
      else {
        finite += 1;
        if (needsValues && own[id]! >= 0) moments.add(own[id]!, value);
      }
    }
    values += finite + infinite;
    infiniteValues += infinite;
    for (let i = 0; i < codes; i += 1) {
      for (const number of bags[touched[i]!]!) {
        if (countedFor[number] === index) continue;
        countedFor[number] = index;
        patients[number]! += 1;
      }
    }
    if (count > 0) subjects += 1;
  });

  const rows = new Float64Array(names.length);
  const members = names.map((): string[] => []);
  for (let id = 1; id < strings.length; id += 1) {
    if (rowsOf[id] === 0) continue;
    for (const number of bags[id]!) rows[number]! += rowsOf[id]!;
    if (own[id]! >= 0) members[own[id]!]!.push(strings[id]!);
  }
  const kept = names
    .map((_, number) => number)
    .filter((number) => rows[number]! >= chosen.minCount && patients[number]! >= chosen.minPatients)
    .sort((a, b) => rows[b]! - rows[a]! || byBytes(names[a]!, names[b]!))
    .slice(0, chosen.top ?? names.length);
  const slots = new Map(kept.map((number, slot) => [number, slot]));
  const counts = kept.map((number) => moments.count[number]!);
  const slotOf = Int32Array.from(own, (number) => slots.get(number) ?? -1);
  const edges = chosen.bins > 0 ? binEdges(known, slotOf, counts, chosen.bins) : null;
  const tokens = kept.map((number, slot): Token => {
    const count = counts[slot]!;
    // With ancestors a token stands for its own name, whether or not rows have that code: those of another
    // store may.
    const codes = chosen.ancestors ? [names[number]!] : members[number]!;
    const [mean, std] = [moments.mean[number]!, moments.std(number)];
    const sound = Number.isFinite(mean) && Number.isFinite(std);
    if (count > 0 && !sound && chosen.values === "z-score")
      fail(
        "MEDS_VALUE_RANGE",
        `The values of code ${JSON.stringify(names[number]!)} are too large: their mean or standard deviation is not finite in float64. Exclude the code, or set \`values: "raw"\` (and \`bins\`).`,
      );
    const found = count > 0 && sound ? { count, mean, std } : null;
    return {
      code: names[number]!,
      codes,
      rows: rows[number]!,
      patients: patients[number]!,
      values: found,
      edges: count > 0 ? (edges?.[slot] ?? null) : null,
    };
  });
  const ontology = all.leadingTo(new Set(tokens.map(({ code }) => code)));
  return { subjects, tokens, ontology, tally: { rowsOf, values, infiniteValues } };
}

function tokenOf(code: string, { token, special }: FitPlan): string | null {
  if (token === null) return code;
  const name: unknown = token(code);
  if (name !== null && typeof name !== "string") expected(`The token of code ${JSON.stringify(code)}`, name, "a string, or null for UNK");
  if (name !== code && (RESERVED.includes(name as string) || special.includes(name as string)))
    conflict(
      `The token of code ${JSON.stringify(code)} is ${JSON.stringify(name)}, which is a special token. Return another name, or null for UNK.`,
    );
  return name;
}
