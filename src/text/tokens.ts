// Counts tokens by the tokenizer of a model, from packages that the caller installs.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { conflict, expected, shown } from "../support/arguments.js";
import { fail, MedsError } from "../support/errors.js";
import { withIo } from "../support/io.js";

/**
 * How tokens are counted:
 *
 * * the name of an encoding of OpenAI (`"o200k_base"`, `"cl100k_base"`, …), by the package `gpt-tokenizer`;
 * * the path of a `tokenizer.json` of Hugging Face, by the package `@huggingface/tokenizers`;
 * * `"approximate"`: one token for three bytes of UTF-8, without a package. Most tokenizers count fewer; a text may
 *   still exceed the budget of a model;
 * * a function that returns the number of tokens of a text. It cannot be sent to worker threads.
 */
export type Tokenizer = string | ((text: string) => number);

/** Returns the number of tokens of a text. */
export interface CountTokens {
  (text: string): number;
  /** No token goes on after a line end before a character that is neither white space nor a slash. */
  readonly endsAtLines?: boolean;
}

/** Encodings of the package gpt-tokenizer. */
const ENCODINGS = ["o200k_base", "o200k_harmony", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base"];
const APPROXIMATE = "approximate";

/** Loaded ones. A tokenizer takes 0.1 s or more to load. */
const loaded = new Map<string, CountTokens>();

/** @throws MedsError `MEDS_INVALID_ARGUMENT` for an unknown tokenizer; `MEDS_MISSING_PACKAGE`; `MEDS_NOT_FOUND`. */
export function tokenizerOf(given: Tokenizer): CountTokens {
  if (typeof given === "function") return counting(given);
  if (typeof given !== "string") expected("tokenizer", given, "the name of an encoding, the path of a tokenizer.json, or a function");
  const known = loaded.get(given);
  if (known !== undefined) return known;
  const count = given === APPROXIMATE ? approximate : ENCODINGS.includes(given) ? encoding(given) : fromFile(given);
  loaded.set(given, count);
  return count;
}

/** The caller's function, whose result is checked. */
function counting(given: (text: string) => number): CountTokens {
  return (text) => {
    const count: unknown = given(text);
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      conflict(`\`tokenizer\` returned ${shown(count)}. It must return the number of tokens of the text, 0 or more.`);
    return count as number;
  };
}

function approximate(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}

function encoding(name: string): CountTokens {
  const { countTokens } = load<{ countTokens(text: string, options: object): number }>("gpt-tokenizer", `gpt-tokenizer/encoding/${name}`);
  // A note may contain the text of a special token. It is text.
  const options = { disallowedSpecial: new Set<string>() };
  // The expressions by which later encodings cut a text, before they look for tokens, end at line ends.
  return Object.assign((text: string) => countTokens(text, options), { endsAtLines: !/^[pr]50k/.test(name) });
}

interface HuggingFace {
  Tokenizer: new (tokenizer: object, config: object) => { encode(text: string, options: object): { ids: readonly number[] } };
}

function fromFile(path: string): CountTokens {
  if (!existsSync(path))
    fail(
      "MEDS_NOT_FOUND",
      `There is no tokenizer ${shown(path)}: it is neither a file nor an encoding. The encodings are ${ENCODINGS.join(", ")}; "${APPROXIMATE}" counts bytes. Otherwise pass the path of a tokenizer.json.`,
      path,
    );
  const { Tokenizer } = load<HuggingFace>("@huggingface/tokenizers");
  const beside = join(dirname(path), "tokenizer_config.json");
  const read = (file: string): object => {
    try {
      return JSON.parse(withIo(file, () => readFileSync(file, "utf8"))) as object;
    } catch (error) {
      if (error instanceof MedsError) throw error;
      return conflict(`${file} is not JSON: ${(error as Error).message}. Pass the tokenizer.json of a model.`);
    }
  };
  const [tokenizer, config] = [read(path), existsSync(beside) ? read(beside) : {}];
  try {
    const made = new Tokenizer(tokenizer, config);
    const options = { add_special_tokens: false };
    return (text) => made.encode(text, options).ids.length;
  } catch (error) {
    return conflict(`${path} is not a tokenizer that @huggingface/tokenizers reads: ${(error as Error).message}.`);
  }
}

/** A package that the caller installs. */
function load<T>(name: string, file = name): T {
  try {
    return createRequire(import.meta.url)(file) as T;
  } catch (cause) {
    const message = `This tokenizer requires the package ${name}, which cannot be loaded. Install it: npm install ${name}`;
    throw new MedsError("MEDS_MISSING_PACKAGE", message, { cause });
  }
}
