import type { Shard } from "../store/shard.js";
import type { Store } from "../store/store.js";
import type { Token } from "./fit.js";
import type { Ontology } from "./ontology.js";
import { UNK } from "./options.js";
import { binOf } from "./values.js";

/**
 * Lists by code id: the list of `id` is `items` from `offsets[id]` up to, but not including, `offsets[id +
 * 1]`.
 */
export interface Lists {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
}

/** A vocabulary by the code ids of one store: plain data, which may be posted to a worker. */
export interface Translation {
  /** The name of the ids in batches (`code_ids`). */
  readonly name: string;
  /** Ids of the vocabulary by code id; PAD at 0. */
  readonly ids: Int32Array;
  /**
   * Mean and standard deviation by code id; null if values stay unscaled. NaN for a code without a fitted
   * value. A deviation of 0 is stored as infinity, which scales every value of the code to 0.
   */
  readonly mean: Float64Array | null;
  readonly std: Float64Array | null;
  /**
   * By code id, two each: where its bounds begin and end. Null without bins. A code without bins begins at
   * -1.
   */
  readonly binRange: Int32Array | null;
  readonly edges: Float64Array;
  /**
   * By code id: the token of its first bin; 0 if a value does not change the token. Null if bins are not
   * tokens.
   */
  readonly binToken: Int32Array | null;
  /** With ancestors, by code id: the tokens of its bag, ascending. */
  readonly bags: Lists | null;
}

/** The parts of a vocabulary that a translation needs. */
export interface Source {
  readonly name: string;
  readonly tokens: readonly Token[];
  /** Id of the first token. */
  readonly first: number;
  /** By token: the id of its first bin, 0 without bins. Null if bins are not tokens. */
  readonly firstBins: Int32Array | null;
  readonly zScore: boolean;
  readonly hasBins: boolean;
  readonly ontology: Ontology | null;
}

/** Applies a vocabulary to a store. */
export function translationOf(store: Store, { name, tokens, first, firstBins, zScore, hasBins, ontology }: Source): Translation {
  const strings = store.codes.strings;
  const size = strings.length;
  const byCode = new Map(tokens.flatMap(({ codes }, i) => codes.map((code) => [code, i] as const)));
  const ids = new Int32Array(size).fill(UNK, 1);
  const mean = zScore ? new Float64Array(size).fill(Number.NaN) : null;
  const std = zScore ? new Float64Array(size).fill(Number.NaN) : null;
  const binRange = hasBins ? new Int32Array(2 * size).fill(-1) : null;
  const binToken = firstBins === null ? null : new Int32Array(size);
  const edges: number[] = [];
  const ranges = tokens.map((token) => {
    const begin = edges.length;
    for (const edge of token.edges ?? []) edges.push(edge);
    return [begin, edges.length] as const;
  });
  for (let id = 1; id < size; id += 1) {
    const i = byCode.get(strings[id]!);
    if (i === undefined) continue;
    const { values, edges: own } = tokens[i]!;
    ids[id] = first + i;
    if (values !== null && mean !== null && std !== null) {
      mean[id] = values.mean;
      std[id] = values.std === 0 ? Number.POSITIVE_INFINITY : values.std;
    }
    if (own !== null && binRange !== null) binRange.set(ranges[i]!, 2 * id);
    if (binToken !== null) binToken[id] = firstBins![i]!;
  }
  const bags = ontology === null ? null : bagsOf(store, byCode, first, ontology);
  return { name, ids, mean, std, binRange, edges: Float64Array.from(edges), binToken, bags };
}

/** The token of a row, or of the bin of its value. */
export function tokenAt(translation: Translation, shard: Shard, row: number): number {
  const id = shard.codeIds[row]!;
  const bin = binTokenAt(translation, id, shard.hasValues ? shard.numericValues[row]! : Number.NaN);
  return bin > 0 ? bin : translation.ids[id]!;
}

/** The token of the bin of a value; 0 if none. */
export function binTokenAt(translation: Translation, id: number, value: number): number {
  const { binToken } = translation;
  const token = binToken === null || value !== value ? 0 : binToken[id]!;
  return token === 0 ? 0 : token + binAt(translation, id, value) - 1;
}

/** The bin of a value, from 1; 0 without a value, or for a code without bins. */
export function binAt({ binRange, edges }: Translation, id: number, value: number): number {
  const from = binRange === null ? -1 : binRange[2 * id]!;
  return value !== value || from < 0 ? 0 : binOf(edges, from, binRange![2 * id + 1]!, value) + 1;
}

/** By code id: the tokens of the code and its ancestors. */
function bagsOf(store: Store, byCode: ReadonlyMap<string, number>, first: number, ontology: Ontology): Lists {
  return listsOf(store, ontology, (code) => (byCode.has(code) ? first + byCode.get(code)! : -1));
}

/**
 * By code id: ascending numbers of the code and (with an ontology) its ancestors. `numberOf` returns -1 for a
 * code without a number.
 */
export function listsOf(store: Store, ontology: Ontology | null, numberOf: (code: string) => number): Lists {
  const { codes } = store;
  const offsets = new Int32Array(codes.size + 2);
  const items: number[] = [];
  const hasParents = codes.columnNames.includes("parent_codes");
  for (let id = 1; id <= codes.size; id += 1) {
    const code = codes.strings[id]!;
    const names = ontology === null ? [code] : ontology.ancestors(code, hasParents ? codes.get(id)!.parents : []);
    const own = names.map(numberOf).filter((number) => number >= 0);
    items.push(...own.sort((a, b) => a - b));
    offsets[id + 1] = items.length;
  }
  return { offsets, items: Int32Array.from(items) };
}
