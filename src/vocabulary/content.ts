import type { Members } from "./file.js";
import type { Coverage, Token } from "./fit.js";
import { Ontology } from "./ontology.js";
import { type FittedOptions, RESERVED } from "./options.js";

export const FORMAT = "meds-reader vocabulary";
export const VERSION = 1;

/** The content of a vocabulary, as it is saved. */
export interface Content {
  readonly split: string;
  readonly of: "patients" | "samples";
  readonly subjects: number;
  readonly options: FittedOptions;
  readonly special: readonly string[];
  readonly tokens: readonly Token[];
  readonly ontology: Ontology;
  readonly coverage: Coverage;
}

/** Coverage of no rows. */
export const NONE: Coverage = { rows: 0, unknownRows: 0, uncoveredRows: 0, codes: 0, unknownCodes: 0, values: 0, infiniteValues: 0 };

/** Reads and checks the content of a file. */
export function contentOf(members: Members): Content {
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
  if (!isDistinct(tokens.flatMap(({ codes }) => codes))) members.broken("tokens", "a list in which each code has one token");
  const chosen: FittedOptions = {
    minCount: options.count("minCount"),
    minPatients: options.count("minPatients"),
    top: options.isNull("top") ? null : options.count("top"),
    ancestors: options.flag("ancestors"),
    values: options.one("values", ["raw", "z-score"]),
    bins: options.count("bins"),
    binTokens: options.flag("binTokens"),
  };
  if (chosen.binTokens && chosen.bins === 0) members.broken("binTokens", "false, which it must be without bins");
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

/** The parents of codes in a file. */
export function ontologyOf(members: Members): Ontology {
  const pairs = members.list("parents").map((pair) => {
    const [code, parents] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const isRight = typeof code === "string" && Array.isArray(parents) && parents.every((parent) => typeof parent === "string");
    return isRight ? ([code, parents as string[]] as const) : members.broken("parents", "a list of codes, each with its parents");
  });
  return new Ontology(new Map(pairs));
}
