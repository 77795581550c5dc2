import type { Shard } from "../shard.js";
import type { Store } from "../store.js";
import type { Token } from "./fit.js";
import type { Ontology } from "./ontology.js";
import { UNK } from "./options.js";
import { binOf } from "./values.js";

/** Lists by code id: those of `id` are `items[offsets[id]]` up to, but not including, `items[offsets[id + 1]]`. */
export interface Lists {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
}

/** A vocabulary as the code ids of one store need it. */
export class Translation {
  /** Vocabulary's ids by code id; PAD at 0. */
  readonly ids: Int32Array;
  /**
   * Mean and standard deviation by code id, null where values stay as they are. NaN for a code of which no value was seen; a deviation of 0 stands as
   * infinite, which makes every value of the code 0.
   */
  readonly mean: Float64Array | null;
  readonly std: Float64Array | null;
  /** By code id, two each, where its bounds begin and end; null without bins. A code that has no bins begins at -1. */
  readonly binRange: Int32Array | null;
  readonly edges: Float64Array;
  /** By code id the token of its first bin; 0 where a value changes nothing. */
  readonly binToken: Int32Array | null;
  /** With ancestors: by code id the tokens of its bag, ascending. */
  readonly bags: Lists | null;

  /** `first` is the id of the first token, `firstBins` by token the id of its first bin's token, 0 without. */
  constructor(
    /** What batches say of their ids. */
    readonly name: string,
    readonly unknown: number,
    store: Store,
    tokens: readonly Token[],
    first: number,
    firstBins: Int32Array | null,
    options: { readonly zScore: boolean; readonly hasBins: boolean; readonly ontology: Ontology | null },
  ) {
    const strings = store.codes.strings;
    const size = strings.length;
    const byCode = new Map(tokens.flatMap(({ codes }, i) => codes.map((code) => [code, i] as const)));
    this.ids = new Int32Array(size).fill(UNK, 1);
    this.mean = options.zScore ? new Float64Array(size).fill(Number.NaN) : null;
    this.std = options.zScore ? new Float64Array(size).fill(Number.NaN) : null;
    this.binRange = options.hasBins ? new Int32Array(2 * size).fill(-1) : null;
    this.binToken = firstBins === null ? null : new Int32Array(size);
    const edges: number[] = [];
    const places = tokens.map((token) => {
      const begin = edges.length;
      edges.push(...(token.edges ?? []));
      return [begin, edges.length] as const;
    });
    this.edges = Float64Array.from(edges);
    for (let id = 1; id < size; id += 1) {
      const i = byCode.get(strings[id]!);
      if (i === undefined) continue;
      const { values, edges: own } = tokens[i]!;
      this.ids[id] = first + i;
      if (values !== null && this.mean !== null) {
        this.mean[id] = values.mean;
        this.std![id] = values.std === 0 ? Number.POSITIVE_INFINITY : values.std;
      }
      if (own !== null && this.binRange !== null) this.binRange.set(places[i]!, 2 * id);
      if (this.binToken !== null) this.binToken[id] = firstBins![i]!;
    }
    this.bags = options.ontology === null ? null : bagsOf(store, byCode, first, options.ontology);
  }

  /** The token of a row, its value's bin included. */
  tokenAt(shard: Shard, row: number): number {
    const id = shard.codeIds[row]!;
    const bin = this.binTokenAt(id, shard.hasValues ? shard.numericValues[row]! : Number.NaN);
    return bin > 0 ? bin : this.ids[id]!;
  }

  /** The token of the bin of a value; 0 where it has none. */
  binTokenAt(id: number, value: number): number {
    const token = this.binToken === null || value !== value ? 0 : this.binToken[id]!;
    return token === 0 ? 0 : token + this.binAt(id, value) - 1;
  }

  /** The bin of a value, from 1; 0 where there is no value, or the code has no bins. */
  binAt(id: number, value: number): number {
    const from = this.binRange![2 * id]!;
    return value !== value || from < 0 ? 0 : binOf(this.edges, from, this.binRange![2 * id + 1]!, value) + 1;
  }
}

/** By code id the tokens of the code and its ancestors. */
function bagsOf(store: Store, byCode: ReadonlyMap<string, number>, first: number, ontology: Ontology): Lists {
  return listsOf(store, ontology, (code) => (byCode.has(code) ? first + byCode.get(code)! : -1));
}

/** By code id, ascending, what a number is given for among the code and (with an ontology) its ancestors; -1 for none. */
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
