import { Cohort } from "../database/cohort.js";
import type { Samples } from "../samples/samples.js";
import type { Store } from "../store/store.js";
import { conflict, expected, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { type Content, contentOf, FORMAT, NONE, VERSION } from "./content.js";
import { idOfFitted, membersOf, type Provenance, provenanceOf, readFitted, writeFitted } from "./file.js";
import { type Coverage, fitTokens, type Tally, type Token, tallyOf } from "./fit.js";
import { fittedRows, knownRows } from "./known-rows.js";
import type { Ontology } from "./ontology.js";
import { FitPlan, type FittedOptions, RESERVED, UNK, type VocabularyOptions } from "./options.js";
import { type Translation, translationOf } from "./translation.js";

/**
 * The numbers of codes for a model, fitted on the patients of a split. 0 is PAD and 1 is UNK. Then follow
 * special tokens, codes (those with the most rows first; codes with equal counts in order of their UTF-8
 * bytes), and bins of values in order of their codes. A vocabulary also contains the numbers that scale
 * values.
 *
 * It stores codes as strings and no ids of a store, so it applies to every store: that of another hospital,
 * or of the same data converted again. Its file depends only on the rows it was fitted on and (with
 * `ancestors`) the source's `codes.parquet`: not on other subjects, not on rows after a cut-off, and not on
 * the order of subjects in files.
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
  /** 32 hexadecimal digits, equal for equal vocabularies: batches name their ids by it. */
  readonly id: string;
  /** Number of ids, including PAD and UNK: the rows of an embedding table. */
  readonly size: number;
  /**
   * The meaning of each id, for display. A bin is shown as its code and bounds: `LAB//50912 [0.7, 0.9)`. A
   * code may have the name of a special token (`[UNK]`); its id still differs.
   */
  readonly tokens: readonly string[];
  /** Ids of PAD, UNK and the other special tokens. */
  readonly special: ReadonlyMap<string, number>;
  /** The codes with their counts, in order of id. */
  readonly entries: readonly Token[];
  /**
   * Name of the split, and the kind of fitted rows: all rows of its patients, or the rows that its samples
   * may know.
   */
  readonly split: string;
  readonly of: "patients" | "samples";
  /** Number of fitted subjects. */
  readonly subjects: number;
  readonly options: FittedOptions;
  /** Coverage of the fitted rows. */
  readonly fitted: Coverage;
  /** The store that it was fitted on; null if no provenance file is beside its file. */
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
      // A single bin adds nothing to its code.
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
   * Counts the codes and values of all rows of a split's patients (`db.split("train")` or a subset of it), or
   * of {@link Samples} of a named split. For samples, a row counts if it is known at one of its subject's
   * cut-offs, whether a window contains it or not. Each row counts once. Rows that filters leave out do not
   * count.
   *
   * @throws MedsError as a rejection: `MEDS_NO_SPLIT` for a whole database, or labels without a split;
   * `MEDS_INVALID_ARGUMENT`; `MEDS_METADATA` if `ancestors` is set and codes.parquet cannot be read;
   * `MEDS_CLOSED`.
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
    if (clash !== undefined) conflict(`Special token ${JSON.stringify(clash)} is also a code. Choose another name in \`special\`.`);
    const coverage = new Vocabulary({ ...content, coverage: NONE }, null).covered(store, tally);
    return new Vocabulary({ ...content, coverage }, (id) => provenanceOf(id, store));
  }

  /**
   * Reads a file of {@link Vocabulary.write}.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND`, `MEDS_IO`, `MEDS_FITTED_FILE` if the file is damaged
   * or contains something else.
   */
  static async open(path: string): Promise<Vocabulary> {
    const { fitted, provenance } = await readFitted(path, (members) => new Vocabulary(contentOf(members), null));
    return provenance === null ? fitted : new Vocabulary(fitted.content, () => provenance);
  }

  /**
   * A vocabulary from the object of {@link Vocabulary.toJSON}, for example inside a worker.
   *
   * @throws MedsError `MEDS_FITTED_FILE`.
   */
  static from(json: unknown): Vocabulary {
    return new Vocabulary(contentOf(membersOf(json, undefined)), null);
  }

  /**
   * Writes the vocabulary as JSON, and the store that it was fitted on beside it as `NAME.provenance.json`.
   *
   * @throws MedsError as a rejection: `MEDS_NOT_FOUND` where the folder is missing; `MEDS_IO`.
   */
  async write(path: string): Promise<void> {
    await writeFitted(path, this.toJSON(), this.provenance);
  }

  /** The content of the file, which `JSON.stringify` writes. Plain data: it may be posted to a worker. */
  toJSON(): { readonly [name: string]: unknown } {
    const { split, of, subjects, options, special, tokens, ontology, coverage } = this.content;
    const parents = options.ancestors ? ontology.toJSON() : null;
    return { format: FORMAT, version: VERSION, split, of, subjects, options, coverage, special, tokens, parents };
  }

  /**
   * The id of a code; undefined if the vocabulary does not contain it. Special tokens are not codes:
   * {@link Vocabulary.special} has their ids.
   */
  idOf(code: string): number | undefined {
    return this.byCode.get(textOf("code", code, "a code as a string"));
  }

  /**
   * The vocabulary's ids by code id of a store: entry i for code id i, UNK if the vocabulary does not contain
   * the code, PAD at 0. Bins of values are not included: `code` of batches has them.
   */
  table<S extends object>(db: Cohort<S>): Int32Array {
    return this._for(storeOf(db)).ids.slice();
  }

  /**
   * With `ancestors`, the bags of a store's codes: the bag of code id i is `tokens` from `offsets[i]` up to,
   * but not including, `offsets[i + 1]`, ascending. Each token weighs one divided by the size of the bag, as
   * in FEMR's hierarchical tokenizer.
   *
   * @throws MedsError `MEDS_INVALID_ARGUMENT` for a vocabulary without ancestors.
   */
  bags<S extends object>(db: Cohort<S>): { readonly offsets: Int32Array; readonly tokens: Int32Array } {
    const { bags } = this._for(storeOf(db));
    if (bags === null) return conflict("This vocabulary has no bags: it was fitted without ancestors. Fit it with `ancestors: true`.");
    return { offsets: bags.offsets.slice(), tokens: bags.items.slice() };
  }

  /**
   * How much of some patients' rows, or of the rows that samples may know, the vocabulary covers. Any store
   * and split.
   */
  coverage<S extends object>(source: Cohort<S> | Samples): Coverage {
    const known = knownRows(source);
    return this.covered(known.store, tallyOf(known));
  }

  /**
   * The tokens of a batch as strings, one per position.
   *
   * @throws MedsError `MEDS_OTHER_IDS` as {@link Vocabulary.check}, `MEDS_INVALID_ARGUMENT`.
   */
  decode(batch: { readonly code: Int32Array; readonly code_ids: string }): string[] {
    this.check(batch);
    const { code }: { readonly code: unknown } = batch;
    if (!ArrayBuffer.isView(code) && !Array.isArray(code))
      expected("The `code` of the batch", code, 'an array of ids. Load batches with the field "code"');
    return Array.from(
      batch.code,
      (id) =>
        this.tokens[Number(id)] ??
        fail(
          "MEDS_OTHER_IDS",
          `Id ${id} is not in this vocabulary of ${this.size} ids. Decode batches that were loaded with this vocabulary.`,
        ),
    );
  }

  /**
   * Throws if the codes of a batch are not ids of this vocabulary: ids of a store (its loader had no
   * vocabulary), or of another vocabulary. They look like ids of this one, and mean other codes.
   *
   * @throws MedsError `MEDS_OTHER_IDS`.
   */
  check(batch: { readonly code_ids: string }): void {
    const found: unknown = typeof batch === "object" && batch !== null ? batch.code_ids : undefined;
    if (typeof found !== "string") expected("batch", batch, "a batch of loader(…)");
    if (found === this._name) return;
    const is = found.startsWith("vocabulary ") ? "ids of another vocabulary" : "ids of a store's codes";
    fail(
      "MEDS_OTHER_IDS",
      `The batch contains ${is} (${found}), not of this vocabulary (${this._name}). The same ids mean other codes there. Load batches with loader(samples, { vocabulary, … }).`,
    );
  }

  /** @internal The name of the ids in batches (`code_ids`). */
  get _name(): string {
    return `vocabulary ${this.id}`;
  }

  /** @internal The vocabulary by the code ids of a store. */
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

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { id, size, split, of, subjects } = this;
    return shownAs("Vocabulary", { id, size, split, of, subjects });
  }
}

function storeOf(db: { readonly _store: Store }): Store {
  return db instanceof Cohort ? db._store : expected("db", db, "a PatientDatabase or one of its cohorts");
}
