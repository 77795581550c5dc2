import type { Batch } from "../batches/batch.js";
import { Cohort } from "../database/cohort.js";
import type { Samples } from "../samples/samples.js";
import type { Store } from "../store/store.js";
import { failGiven, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { idOfFitted, type Members, membersOf, type Provenance, provenanceOf, readFitted, writeFitted } from "./file.js";
import { type Coverage, fitTokens, type Tally, type Token, tallyOf } from "./fit.js";
import { fittedRows, knownRows } from "./known.js";
import { Ontology } from "./ontology.js";
import { FitPlan, type FittedOptions, RESERVED, UNK, type VocabularyOptions } from "./options.js";
import { type Translation, translationOf } from "./translation.js";

const FORMAT = "meds-reader vocabulary";
const VERSION = 1;

/** What a vocabulary is, as it is saved. */
interface Content {
  readonly split: string;
  readonly of: "patients" | "samples";
  readonly subjects: number;
  readonly options: FittedOptions;
  readonly special: readonly string[];
  readonly tokens: readonly Token[];
  readonly ontology: Ontology;
  readonly coverage: Coverage;
}

/**
 * Which number a model knows a code by, fitted on the patients of a split: 0 is PAD, 1 UNK, then come special tokens, then codes, those with the most
 * rows first (equally many: in order of their UTF-8 bytes), then bins of values, in order of their codes. With what is needed to scale values.
 *
 * It knows codes as strings and no ids of a store, so it applies to any store: that of another hospital, or of the same data converted again. Its file
 * depends on nothing but the rows it was fitted on and the source's `codes.parquet` (that only with `ancestors`): not on other subjects, nor on rows
 * past a cut-off, nor on the order of subjects in files.
 *
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, Vocabulary } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const vocabulary = await Vocabulary.fit(db.split("train"), { minPatients: 2, values: "z-score" });
 * console.log(vocabulary.size, vocabulary.tokens.slice(0, 5), vocabulary.coverage(db.split("train")));
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * for (const batch of loader(list, { batchSize: 8, vocabulary })) {
 *   console.log(batch.code[0], vocabulary.decode(batch)[0], batch.numeric_value[0]);
 * }
 * db.close();
 * ```
 */
export class Vocabulary {
  /** 32 hexadecimal digits, equal for equal vocabularies: what batches name their ids by. */
  readonly id: string;
  /** Number of ids, PAD and UNK among them: the rows of an embedding table. */
  readonly size: number;
  /**
   * What each id stands for, for people. A bin is written as its code and bounds: `LAB//50912 [0.7, 0.9)`. A code may be called as a special token is
   * (`[UNK]`): it has another id all the same.
   */
  readonly tokens: readonly string[];
  /** Ids of PAD, UNK and the other special tokens. */
  readonly special: ReadonlyMap<string, number>;
  /** The codes with what was counted of them, in order of id. */
  readonly entries: readonly Token[];
  /** Name of the split, and whether all its patients' rows were fitted on or those that samples may know. */
  readonly split: string;
  readonly of: "patients" | "samples";
  /** Subjects that were fitted on. */
  readonly subjects: number;
  readonly options: FittedOptions;
  /** Coverage of the rows that were fitted on. */
  readonly fitted: Coverage;
  /** The store that it was fitted on; null where its file has no provenance beside it. */
  readonly provenance: Provenance | null;
  /** @internal Null without ancestors. */
  readonly _ontology: Ontology | null;
  private readonly content: Content;
  private readonly first: number;
  private readonly firstBins: Int32Array | null;
  private readonly byCode: ReadonlyMap<string, number>;
  private readonly translations = new WeakMap<Store, Translation>();

  /** @internal */
  constructor(content: Content, provenance: ((id: string) => Provenance) | null) {
    const { split, of, subjects, options, special, tokens, ontology, coverage } = content;
    const names = [...RESERVED, ...special];
    this.content = content;
    this.first = names.length;
    this.special = new Map(names.map((name, id) => [name, id]));
    this.byCode = new Map(tokens.map(({ code }, i) => [code, this.first + i]));
    for (const { code } of tokens) names.push(code);
    this.firstBins = options.binTokens ? new Int32Array(tokens.length) : null;
    for (const [i, { code, edges }] of tokens.entries()) {
      // One bin tells no more than the code.
      if (this.firstBins === null || edges === null || edges.length === 0) continue;
      this.firstBins[i] = names.length;
      for (let bin = 0; bin <= edges.length; bin += 1) names.push(`${code} [${edges[bin - 1] ?? -Infinity}, ${edges[bin] ?? Infinity})`);
    }
    this.tokens = names;
    this.size = names.length;
    this.entries = tokens;
    this.split = split;
    this.of = of;
    this.subjects = subjects;
    this.options = options;
    this.fitted = coverage;
    this._ontology = options.ancestors ? ontology : null;
    this.id = idOfFitted(this.toJSON());
    this.provenance = provenance?.(this.id) ?? null;
  }

  /**
   * Counts the codes and values of the patients of a split: `db.split("train")` or a subset of it, all their rows; or {@link Samples} of a named split,
   * the rows that are known at some cut-off of each subject. There a row counts once, however many windows hold it, and whether or not the window's
   * length and strategy would take it; rows that filters leave out do not count.
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT` for a whole database or labels without a split; `MEDS_INVALID_ARGUMENT`; `MEDS_METADATA` where
   * ancestors are asked for and codes.parquet cannot be read; `MEDS_CLOSED`.
   * @example
   * ```ts
   * import { PatientDatabase, Vocabulary } from "meds-reader";
   *
   * const db = PatientDatabase.open("demo.medsdb");
   * const vocabulary = await Vocabulary.fit(db.split("train"), { top: 5000, bins: 10, binTokens: true, special: ["[CLS]"] });
   * console.log(vocabulary.size, vocabulary.special.get("[CLS]"), vocabulary.entries[0]);
   * db.close();
   * ```
   */
  static async fit<S extends object>(source: Cohort<S> | Samples, options?: VocabularyOptions): Promise<Vocabulary> {
    const plan = new FitPlan(options);
    const known = fittedRows(source, "A vocabulary");
    const { split, of, store } = known;
    const { tally, ...fitted } = await fitTokens(known, plan);
    const content = { split, of, options: plan.chosen, special: plan.special, ...fitted };
    const clash = plan.special.find((name) => content.tokens.some(({ code }) => code === name));
    if (clash !== undefined) failGiven("A special token", clash, "names that are no codes");
    const coverage = new Vocabulary({ ...content, coverage: NONE }, null).covered(store, tally);
    return new Vocabulary({ ...content, coverage }, (id) => provenanceOf(id, store));
  }

  /**
   * Reads what {@link Vocabulary.write} wrote.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE` where the file is damaged or holds something else.
   */
  static async open(path: string): Promise<Vocabulary> {
    const { fitted, provenance } = await readFitted(path, (members) => new Vocabulary(contentOf(members), null));
    return provenance === null ? fitted : new Vocabulary(fitted.content, () => provenance);
  }

  /**
   * A vocabulary out of what {@link Vocabulary.toJSON} gave: to hand one to a worker.
   *
   * @throws MedsError `MEDS_FITTED_FILE`.
   */
  static from(json: unknown): Vocabulary {
    return new Vocabulary(contentOf(membersOf(json, undefined)), null);
  }

  /** Writes it as JSON, and the store that it was fitted on beside it, as `NAME.provenance.json`. @throws MedsError `MEDS_IO` as a rejection. */
  async write(path: string): Promise<void> {
    await writeFitted(path, this.toJSON(), this.provenance);
  }

  /** What the file holds, and `JSON.stringify` writes. Plain data: it may be posted to a worker. */
  toJSON(): { readonly [name: string]: unknown } {
    const { split, of, subjects, options, special, tokens, ontology, coverage } = this.content;
    const parents = options.ancestors ? ontology.toJSON() : null;
    return { format: FORMAT, version: VERSION, split, of, subjects, options, coverage, special, tokens, parents };
  }

  /** The id of a code; undefined where the vocabulary has not got it. Special tokens are no codes: {@link Vocabulary.special} has their ids. */
  idOf(code: string): number | undefined {
    return this.byCode.get(textOf("code", code, "a code as a string"));
  }

  /**
   * A store's code ids as the vocabulary's: entry i for the code whose id is i in that store, UNK where the vocabulary has it not, PAD at 0. Bins of values
   * are not in it: `code` of batches has them.
   */
  table<S extends object>(db: Cohort<S>): Int32Array {
    return this._for(storeOf(db)).ids.slice();
  }

  /**
   * With `ancestors`, the bag of each of a store's codes: those of code id i are `tokens` from `offsets[i]` up to, but not including, `offsets[i + 1]`,
   * ascending; each weighs one divided by their number, as in FEMR's hierarchical tokenizer.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a vocabulary without ancestors.
   */
  bags<S extends object>(db: Cohort<S>): { readonly offsets: Int32Array; readonly tokens: Int32Array } {
    const { bags } = this._for(storeOf(db));
    if (bags === null) return failGiven("ancestors", false, "a vocabulary that was fitted with ancestors: true");
    return { offsets: bags.offsets.slice(), tokens: bags.items.slice() };
  }

  /** How much of some patients' rows, or of the rows that samples may know, the vocabulary has: of any store and split. */
  coverage<S extends object>(source: Cohort<S> | Samples): Coverage {
    const known = knownRows(source);
    return this.covered(known.store, tallyOf(known));
  }

  /**
   * What stands at each place of a batch, as text.
   *
   * @throws MedsError `MEDS_OTHER_IDS` as {@link Vocabulary.check}, `MEDS_INVALID_ARGUMENT`.
   */
  decode(batch: Pick<Batch, "code" | "code_ids">): string[] {
    this.check(batch);
    const { code }: { readonly code: unknown } = batch;
    if (!ArrayBuffer.isView(code) && !Array.isArray(code)) failGiven("The batch's code", code, "a batch of loader(…) with the field code");
    return Array.from(
      batch.code,
      (id) => this.tokens[Number(id)] ?? fail("MEDS_OTHER_IDS", `${id} is no id of this vocabulary of ${this.size}.`),
    );
  }

  /**
   * Throws where a batch's codes are no ids of this vocabulary: those of a store, since its loader was given none, or of another vocabulary. They would
   * look like ids of this one, and mean other codes.
   *
   * @throws MedsError `MEDS_OTHER_IDS`.
   */
  check(batch: Pick<Batch, "code_ids">): void {
    const found: unknown = typeof batch === "object" && batch !== null ? batch.code_ids : undefined;
    if (typeof found !== "string") failGiven("batch", batch, "a batch of loader(…)");
    if (found === this._name) return;
    const is = found.startsWith("vocabulary ") ? "ids of another vocabulary" : "ids of a store's codes";
    fail(
      "MEDS_OTHER_IDS",
      `The batch holds ${is} (${found}), and not those of this one (${this._name}): they would stand for other codes. Make it with loader(samples, { vocabulary, … }).`,
    );
  }

  /** @internal What batches say of their ids. */
  get _name(): string {
    return `vocabulary ${this.id}`;
  }

  /** @internal As a store's code ids need it. */
  _for(store: Store): Translation {
    store.check();
    let own = this.translations.get(store);
    if (own === undefined) {
      const { options, entries: tokens, first, firstBins, _name: name, _ontology: ontology } = this;
      const [zScore, hasBins] = [options.values === "z-score", options.bins > 0];
      own = translationOf(store, { name, tokens, first, firstBins, zScore, hasBins, ontology });
      this.translations.set(store, own);
    }
    return own;
  }

  private covered(store: Store, { rowsOf, values, infiniteValues }: Tally): Coverage {
    const { ids, bags } = this._for(store);
    const sum = { rows: 0, unknownRows: 0, uncoveredRows: 0, codes: 0, unknownCodes: 0, values, infiniteValues };
    for (let id = 1; id < ids.length; id += 1) {
      const rows = rowsOf[id]!;
      if (rows === 0) continue;
      const isUnknown = ids[id] === UNK;
      const isBare = bags === null ? isUnknown : bags.offsets[id] === bags.offsets[id + 1];
      sum.rows += rows;
      sum.codes += 1;
      if (isUnknown) sum.unknownRows += rows;
      if (isUnknown) sum.unknownCodes += 1;
      if (isBare) sum.uncoveredRows += rows;
    }
    return sum;
  }
}

const NONE: Coverage = { rows: 0, unknownRows: 0, uncoveredRows: 0, codes: 0, unknownCodes: 0, values: 0, infiniteValues: 0 };

function storeOf(db: { readonly _store: Store }): Store {
  return db instanceof Cohort ? db._store : failGiven("db", db, "a PatientDatabase, or patients of one");
}

/** What a file holds. */
function contentOf(members: Members): Content {
  members.format(FORMAT, VERSION);
  const options = members.inner("options");
  const special = members.texts("special");
  const tokens = members.each("tokens", (token): Token => {
    const values = token.isNull("values") ? null : token.inner("values");
    const std = values === null ? 0 : values.number("std");
    if (std < 0) token.broken("std", "0 or more");
    return {
      code: token.text("code"),
      codes: token.texts("codes"),
      rows: token.count("rows"),
      patients: token.count("patients"),
      values: values === null ? null : { count: values.count("count"), mean: values.number("mean"), std },
      edges: token.isNull("edges") ? null : token.ascending("edges"),
    };
  });
  const isDistinct = (list: readonly string[]) => new Set(list).size === list.length;
  if (!isDistinct([...special, ...RESERVED])) members.broken("special", "a list of different names");
  if (!isDistinct(tokens.map(({ code }) => code))) members.broken("tokens", "a list of different codes");
  if (!isDistinct(tokens.flatMap(({ codes }) => codes))) members.broken("tokens", "a list in which each code stands for one token");
  const chosen: FittedOptions = {
    minCount: options.count("minCount"),
    minPatients: options.count("minPatients"),
    top: options.isNull("top") ? null : options.count("top"),
    ancestors: options.flag("ancestors"),
    values: options.one("values", ["raw", "z-score"]),
    bins: options.count("bins"),
    binTokens: options.flag("binTokens"),
  };
  if (chosen.binTokens && chosen.bins === 0) members.broken("binTokens", "false, where there are no bins");
  const coverage = members.inner("coverage");
  return {
    split: members.text("split"),
    of: members.one("of", ["patients", "samples"]),
    subjects: members.count("subjects"),
    options: chosen,
    special,
    tokens,
    ontology: chosen.ancestors ? ontologyOf(members) : new Ontology(new Map()),
    coverage: Object.fromEntries(Object.keys(NONE).map((name) => [name, coverage.count(name)])) as unknown as Coverage,
  };
}

/** The parents of codes that a file holds. */
export function ontologyOf(members: Members): Ontology {
  const pairs = members.list("parents").map((pair) => {
    const [code, parents] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const isRight = typeof code === "string" && Array.isArray(parents) && parents.every((parent) => typeof parent === "string");
    return isRight ? ([code, parents as string[]] as const) : members.broken("parents", "a list of codes, each with its parents");
  });
  return new Ontology(new Map(pairs));
}
