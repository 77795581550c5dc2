import { failGiven, flagOf, namesIn, oneOf, optionsOf, textsIn, wholeOf } from "../support/arguments.js";

/** What {@link Vocabulary.fit} makes. */
export interface VocabularyOptions {
  /** Only codes with at least so many rows. Default: 1. */
  readonly minCount?: number | undefined;
  /** Only codes of at least so many patients. Default: 1. */
  readonly minPatients?: number | undefined;
  /** At most so many codes: those with the most rows. Special tokens and bins are not counted. Default: all. */
  readonly top?: number | undefined;
  /** Further special tokens, with ids from 2 on. PAD is 0 and UNK 1 always. Names of no code: `special` finds them, and `idOf` codes. */
  readonly special?: readonly string[] | undefined;
  /**
   * The token that a code becomes (null: UNK); codes of one token share its id and statistics. No name of a special token. It is asked while fitting
   * only: a code that no training patient has is UNK, whatever this would say of it. Not with `ancestors`. Default: each code is a token.
   */
  readonly token?: ((code: string) => string | null) | undefined;
  /**
   * The codes' ancestors through `parent_codes` are tokens too, with the rows and patients of all their descendants, and a row stands for a bag of
   * tokens: field `bag` of batches. Default: false.
   */
  readonly ancestors?: boolean | undefined;
  /** `z-score`: `numeric_value` of batches is (x - mean) / std of the row's token. Default: `raw`. */
  readonly values?: "raw" | "z-score" | undefined;
  /** So many quantile bins, 2 to 65,536, for the values of each token: field `value_bin` of batches. Default: none. */
  readonly bins?: number | undefined;
  /** With `bins`: a row with a value has the token of its code and bin in place of its code's. Default: false. */
  readonly binTokens?: boolean | undefined;
}

const KNOWN: readonly (keyof VocabularyOptions)[] = [
  "minCount",
  "minPatients",
  "top",
  "special",
  "token",
  "ancestors",
  "values",
  "bins",
  "binTokens",
];

/** Id of what fills up batches, and of codes that the vocabulary has not. */
export const PAD = 0;
export const UNK = 1;
/** Their names. */
export const RESERVED: readonly string[] = ["[PAD]", "[UNK]"];

/** What a vocabulary was asked to be, as it is saved. */
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
    if (token !== undefined && typeof token !== "function") failGiven("token", token, "a function of a code");
    textsIn("special", special);
    const repeated = special.find((name, i) => RESERVED.includes(name) || special.indexOf(name) !== i);
    if (repeated !== undefined) failGiven("A special token", repeated, "each name once, [PAD] and [UNK] not at all: they are there always");
    const chosen: FittedOptions = {
      minCount: wholeOf("minCount", minCount, 1),
      minPatients: wholeOf("minPatients", minPatients, 1),
      top: given.top === undefined ? null : wholeOf("top", given.top, 1),
      ancestors: flagOf("ancestors", given.ancestors, false),
      values: oneOf("values", given.values, ["raw", "z-score"]),
      bins: given.bins === undefined ? 0 : wholeOf("bins", given.bins, 2, MOST_BINS),
      binTokens: flagOf("binTokens", given.binTokens, false),
    };
    if (chosen.binTokens && chosen.bins === 0) failGiven("binTokens", true, "it with bins only");
    if (token !== undefined && chosen.ancestors) failGiven("token", token, "either token or ancestors");
    this.chosen = chosen;
    this.special = [...special];
    this.token = token ?? null;
  }
}
