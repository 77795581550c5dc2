import { conflict, expected } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import type { KnownRows } from "./known-rows.js";
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

/** How many of some rows a vocabulary has a token for. */
export interface Coverage {
  readonly rows: number;
  /** Rows whose code is UNK. */
  readonly unknownRows: number;
  /** Rows without any token of the vocabulary. Equal to `unknownRows`; it can be less with `ancestors`. */
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
 * Counts codes and their values in one pass over the known rows. Quantiles take a second pass, over the values
 * of the codes that are kept.
 */
export async function fitTokens(known: KnownRows, plan: FitPlan): Promise<Fitted> {
  const { store } = known;
  const { chosen } = plan;
  const all = chosen.ancestors ? await readOntology(store) : new Ontology(new Map());
  store.check();
  const candidates = candidatesOf(store.codes.strings, all, plan);
  const counts = countCandidates(known, candidates, chosen.values === "z-score" || chosen.bins > 0);
  const kept = keptOf(candidates, counts, plan);
  const edges = chosen.bins > 0 ? edgesOf(known, candidates, counts, kept, chosen.bins) : null;
  const tokens = kept.map(({ number, codes, rows }, i): Token => {
    const values = valuesOf(candidates.names[number]!, counts.moments, number, plan);
    const hasValues = counts.moments.count[number]! > 0;
    return {
      code: candidates.names[number]!,
      codes,
      rows,
      patients: counts.patients[number]!,
      values,
      edges: hasValues ? (edges?.[i] ?? null) : null,
    };
  });
  const ontology = all.leadingTo(new Set(tokens.map(({ code }) => code)));
  const { rowsOf, values, infiniteValues, subjects } = counts;
  return { subjects, tokens, ontology, tally: { rowsOf, values, infiniteValues } };
}

/** All names that may become tokens. */
interface Candidates {
  readonly strings: readonly string[];
  readonly names: readonly string[];
  /** By code id: the candidate of the code itself; -1 if it has none. */
  readonly own: Int32Array;
  /** By code id: the candidates that a row of the code counts for, its own first. */
  readonly bags: readonly (readonly number[])[];
}

function candidatesOf(strings: readonly string[], ontology: Ontology, plan: FitPlan): Candidates {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? names.push(name) - 1;
    numbers.set(name, number);
    return number;
  };
  const own = new Int32Array(strings.length).fill(-1);
  const bags: (readonly number[])[] = [[]];
  for (let id = 1; id < strings.length; id += 1) {
    const name = tokenOf(strings[id]!, plan);
    const bag = name === null ? [] : plan.chosen.ancestors ? ontology.ancestors(name).map(numberOf) : [numberOf(name)];
    bags.push(bag);
    own[id] = bag[0] ?? -1;
  }
  return { strings, names, own, bags };
}

/** Counts of rows by code id, and of patients and values by candidate. */
interface Counts extends Tally {
  readonly patients: Float64Array;
  readonly moments: Moments;
  readonly subjects: number;
}

function countCandidates(known: KnownRows, { strings, names, own, bags }: Candidates, needsValues: boolean): Counts {
  const rowsOf = new Float64Array(strings.length);
  const seenBy = new Int32Array(strings.length).fill(-1);
  const touched = new Uint32Array(strings.length);
  const patients = new Float64Array(names.length);
  const countedFor = new Int32Array(names.length).fill(-1);
  const moments = new Moments(names.length);
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
  return { rowsOf, values, infiniteValues, patients, moments, subjects };
}

/** A candidate that becomes a token. */
interface Kept {
  readonly number: number;
  readonly codes: readonly string[];
  readonly rows: number;
}

/** The candidates with enough rows and patients, those with the most rows first. */
function keptOf({ strings, names, own, bags }: Candidates, { rowsOf, patients }: Counts, { chosen }: FitPlan): readonly Kept[] {
  const rows = new Float64Array(names.length);
  const members = names.map((): string[] => []);
  for (let id = 1; id < strings.length; id += 1) {
    if (rowsOf[id] === 0) continue;
    for (const number of bags[id]!) rows[number]! += rowsOf[id]!;
    if (own[id]! >= 0) members[own[id]!]!.push(strings[id]!);
  }
  return (
    names
      .map((_, number) => number)
      .filter((number) => rows[number]! >= chosen.minCount && patients[number]! >= chosen.minPatients)
      .sort((a, b) => rows[b]! - rows[a]! || byBytes(names[a]!, names[b]!))
      .slice(0, chosen.top ?? names.length)
      // With ancestors a token stands for its own name, even without rows of that code: another store may have some.
      .map((number) => ({ number, codes: chosen.ancestors ? [names[number]!] : members[number]!, rows: rows[number]! }))
  );
}

/** By kept candidate: the bounds of its bins. */
function edgesOf(known: KnownRows, { own }: Candidates, { moments }: Counts, kept: readonly Kept[], bins: number): number[][] {
  const tokens = new Map(kept.map(({ number }, token) => [number, token]));
  const tokenByCode = Int32Array.from(own, (number) => tokens.get(number) ?? -1);
  return binEdges(
    known,
    tokenByCode,
    kept.map(({ number }) => moments.count[number]!),
    bins,
  );
}

/** Number, mean and standard deviation of a candidate's values; null without values. */
function valuesOf(name: string, moments: Moments, number: number, { chosen }: FitPlan): Token["values"] {
  const count = moments.count[number]!;
  const [mean, std] = [moments.mean[number]!, moments.std(number)];
  const isSound = Number.isFinite(mean) && Number.isFinite(std);
  if (count > 0 && !isSound && chosen.values === "z-score")
    fail(
      "MEDS_VALUE_RANGE",
      `The values of code ${JSON.stringify(name)} are too large: their mean or standard deviation is not finite in float64. Exclude the code, or set \`values: "raw"\` (and \`bins\`).`,
    );
  return count > 0 && isSound ? { count, mean, std } : null;
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
