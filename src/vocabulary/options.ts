import { conflict, flagOf, functionIn, namesIn, oneOf, optionsOf, textsIn, wholeOf } from "../support/arguments.js";

/** Options of {@link Vocabulary.fit}. */
export interface VocabularyOptions {
  /** The smallest number of rows that a code needs to be in the vocabulary. Default: 1. */
  readonly minCount?: number | undefined;
  /** The smallest number of patients that a code needs to be in the vocabulary. Default: 1. */
  readonly minPatients?: number | undefined;
  /**
   * The largest number of codes; those with the most rows are kept. Special tokens and bins are not counted.
   * Default: all codes.
   */
  readonly top?: number | undefined;
  /**
   * Further special tokens, with ids from 2 on. The id of PAD (padding) is always 0, and that of UNK (an
   * unknown code) is 1. They must differ from all codes. `special` of the vocabulary has their ids; `idOf` is
   * for codes.
   */
  readonly special?: readonly string[] | undefined;
  /**
   * Returns the token that a code becomes, or null for UNK. Codes that become the same token share its id and
   * statistics. It must not be the name of a special token. The function is called during fitting only: a
   * code without a training patient is UNK, whatever the function would return. Cannot be combined with
   * `ancestors`. Default: each code is a token.
   */
  readonly token?: ((code: string) => string | null) | undefined;
  /**
   * Also makes tokens of the codes' ancestors through `parent_codes`. They count the rows and patients of all
   * their descendants, and each row has a bag of tokens: field `bag` of batches. Default: false.
   */
  readonly ancestors?: boolean | undefined;
  /** `z-score`: `numeric_value` of batches is (x - mean) / std of the row's token. Default: `raw`. */
  readonly values?: "raw" | "z-score" | undefined;
  /**
   * Number of quantile bins for the values of each token, 2 to 65,536: field `value_bin` of batches. Default:
   * no bins.
   */
  readonly bins?: number | undefined;
  /**
   * With `bins`: a row with a value has the token of its code and bin, and not the token of its code.
   * Default: false.
   */
  readonly binTokens?: boolean | undefined;
}

const KNOWN = Object.keys({
  minCount: true,
  minPatients: true,
  top: true,
  special: true,
  token: true,
  ancestors: true,
  values: true,
  bins: true,
  binTokens: true,
} satisfies Record<keyof VocabularyOptions, true>);

/** Ids of padding in batches, and of codes that are not in the vocabulary. */
export const PAD = 0;
export const UNK = 1;
/** Their names. */
export const RESERVED: readonly string[] = ["[PAD]", "[UNK]"];

/** The options of a vocabulary, as it is saved. */
export interface FittedOptions {
  readonly minCount: number;
  readonly minPatients: number;
  readonly top: number | null;
  readonly ancestors: boolean;
  readonly values: "raw" | "z-score";
  /** 0: none. */
  readonly bins: number;
  readonly binTokens: boolean;
}

/** Bins of a token, or of times. */
export const MOST_BINS = 65_536;

/** Options, checked. */
export class FitPlan {
  readonly chosen: FittedOptions;
  readonly special: readonly string[];
  readonly token: ((code: string) => string | null) | null;

  constructor(options: VocabularyOptions | undefined) {
    const given = optionsOf(options) ?? {};
    namesIn("Vocabulary.fit", given, KNOWN);
    const { token, special = [], minCount = 1, minPatients = 1 } = given;
    functionIn("token", token, "a function that takes a code");
    textsIn("special", special);
    const repeated = special.find((name, i) => RESERVED.includes(name) || special.indexOf(name) !== i);
    if (repeated !== undefined)
      conflict(
        `Special token ${JSON.stringify(repeated)} ${RESERVED.includes(repeated) ? "always exists" : "is listed twice"}. Remove it from \`special\`.`,
      );
    const chosen: FittedOptions = {
      minCount: wholeOf("minCount", minCount, 1),
      minPatients: wholeOf("minPatients", minPatients, 1),
      top: given.top === undefined ? null : wholeOf("top", given.top, 1),
      ancestors: flagOf("ancestors", given.ancestors, false),
      values: oneOf("values", given.values, ["raw", "z-score"]),
      bins: given.bins === undefined ? 0 : wholeOf("bins", given.bins, 2, MOST_BINS),
      binTokens: flagOf("binTokens", given.binTokens, false),
    };
    if (chosen.binTokens && chosen.bins === 0) conflict("`binTokens` requires `bins`. Set `bins`, or remove `binTokens`.");
    if (token !== undefined && chosen.ancestors) conflict("`token` and `ancestors` cannot be combined. Remove one of them.");
    this.chosen = chosen;
    this.special = [...special];
    this.token = token ?? null;
  }
}
