import { failGiven } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { KnownRows } from "./known.js";
import { byBytes, Ontology, readOntology } from "./ontology.js";
import { type FitPlan, RESERVED } from "./options.js";
import { binEdges, Moments } from "./values.js";

/** A code (or what several codes became), as it was among the fitted rows. */
export interface Token {
  readonly code: string;
  /** The codes that it stands for. */
  readonly codes: readonly string[];
  /** Rows that have it; with ancestors those of its descendants too. */
  readonly rows: number;
  /** Patients that have such a row. */
  readonly patients: number;
  /** Of the finite values of its own rows: their number, mean and standard deviation (divided by the number). Null without. */
  readonly values: { readonly count: number; readonly mean: number; readonly std: number } | null;
  /** Bounds of its bins, ascending: one fewer than there are bins. Null without values, or where no bins were asked for. */
  readonly edges: readonly number[] | null;
}

/** How much of some rows a vocabulary knows. */
export interface Coverage {
  readonly rows: number;
  /** Rows whose code is UNK. */
  readonly unknownRows: number;
  /** Rows that no token of the vocabulary stands for: with ancestors fewer than `unknownRows`, else as many. */
  readonly uncoveredRows: number;
  /** Distinct codes of the rows. */
  readonly codes: number;
  readonly unknownCodes: number;
  /** Rows with a numeric value. Those of infinite value count in no mean, standard deviation or bin. */
  readonly values: number;
  readonly infiniteValues: number;
}

/** What a pass over the rows finds. */
export interface Fitted {
  readonly subjects: number;
  readonly tokens: readonly Token[];
  readonly ontology: Ontology;
  readonly tally: Tally;
}

/** What there is in some rows. */
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

/** Counts codes and their values in one pass over the known rows; quantiles take a second one, over the values of the codes that are kept. */
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
  // By code id the candidates that a row of it counts for, its own first; -1 where it has none of its own.
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
    // What is no code's token itself stands for its own name: another store may have rows of it.
    const codes = chosen.ancestors ? [names[number]!] : members[number]!;
    const [mean, std] = [moments.mean[number]!, moments.std(number)];
    const sound = Number.isFinite(mean) && Number.isFinite(std);
    if (count > 0 && !sound && chosen.values === "z-score")
      fail(
        "MEDS_VALUE_RANGE",
        `The values of ${JSON.stringify(names[number]!)} are too large for a mean and a deviation in float64. Leave the code out, or take values: "raw" or bins.`,
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
  if (name !== null && typeof name !== "string") failGiven(`The token of code ${code}`, name, "a string, or null for UNK");
  // It would be another token of the same name.
  if (name !== code && (RESERVED.includes(name as string) || special.includes(name as string)))
    failGiven(`The token of code ${code}`, name, "null for UNK, or the name of no special token");
  return name;
}
