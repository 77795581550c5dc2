// Tokens by the packages that callers install: budgets hold, and counts are those of the packages.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as cl100k from "gpt-tokenizer/encoding/cl100k_base";
import * as o200k from "gpt-tokenizer/encoding/o200k_base";
import * as harmony from "gpt-tokenizer/encoding/o200k_harmony";
import * as p50k from "gpt-tokenizer/encoding/p50k_base";
import { MedsError, notes, PatientDatabase, type TextFormat, type ToTextOptions, texts, visits } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { scaled } from "../support/property.js";
import { type RecordRow, recordStore } from "../support/record.js";

const work = folder("tokens");
const LONG = "Patient reports chest pain. <|endoftext|> 37.5 °C, Ödem, 😀 und 日本語の記録。\n\n".repeat(40);
let db: PatientDatabase;

beforeAll(async () => {
  const note = (day: number): RecordRow => ({ time: `2020-02-${10 + day}`, code: "NOTE//p", table: "note", text: `${day}. ${LONG}` });
  const labs = (p: number) =>
    Array.from(
      { length: 80 },
      (_, i): RecordRow => ({
        time: `2020-01-${10 + Math.floor(i / 10)}`,
        code: `LAB//${i % 7}`,
        value: i + p / 4,
        unit: "mg/dL",
        table: "measurement",
      }),
    );
  db = PatientDatabase.open(
    await recordStore(
      new Map(Array.from({ length: 6 }, (_, p) => [BigInt(p), [...labs(p), ...Array.from({ length: p }, (_, i) => note(i))]])),
    ),
  );
  return () => db.close();
});

/** A tokenizer of bytes with a few merges, as a file of Hugging Face. It has 256 tokens of one byte. */
function hugging(): string {
  const bytes = Array.from({ length: 256 }, (_, byte) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174 ? String.fromCharCode(byte) : null,
  );
  let next = 256;
  const vocab = Object.fromEntries(bytes.map((text, byte) => [text ?? String.fromCharCode(next++), byte]));
  const merges = ["i n", "t h", "th e", "Ġ the", "m g", "a t", "2 0"];
  for (const [i, merge] of merges.entries()) vocab[merge.replace(" ", "")] = 256 + i;
  const path = join(work, "tokenizer.json");
  const model = { type: "BPE", vocab, merges };
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  writeFileSync(
    path,
    JSON.stringify({
      version: "1.0",
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: level,
      post_processor: null,
      decoder: level,
      model,
    }),
  );
  return path;
}

const FORMATS: readonly TextFormat[] = ["markdown", "lumia-xml", "medalign-xml", "jsonl", "jsonl-events"];
const SPECIAL = { disallowedSpecial: new Set<string>() };

describe("budgets", () => {
  it.each([
    ["o200k_base", (text: string) => o200k.encode(text, SPECIAL).length],
    ["cl100k_base", (text: string) => cl100k.encode(text, SPECIAL).length],
    ["p50k_base", (text: string) => p50k.encode(text, SPECIAL).length],
  ])("of %s are never exceeded, and the numbers are those of the package", (tokenizer, count) => {
    const property = fc.property(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 120, max: 3000 }),
      fc.constantFrom(...FORMATS),
      fc.boolean(),
      (slot, budget, format, withNotes) => {
        const options: ToTextOptions = {
          format,
          budget,
          tokenizer,
          ...(format === "markdown" && withNotes ? { sections: [visits(), notes()] } : {}),
        };
        let text: string;
        try {
          const made = db.at(slot)!.toText(options);
          expect(made.tokens).toBe(count(made.text));
          text = made.text;
        } catch (error) {
          // Nothing fits: the error says so.
          if (error instanceof MedsError && error.code === "MEDS_BUDGET") return;
          throw error;
        }
        expect(count(text)).toBeLessThanOrEqual(budget);
      },
    );
    fc.assert(property, { numRuns: scaled(300), seed: 3 });
  });

  it("of a tokenizer.json are never exceeded, in worker threads as well", async () => {
    const tokenizer = hugging();
    for (const budget of [400, 900, 4000])
      for await (const { tokens, text } of texts(db, undefined, { sections: [visits(), notes()], budget, tokenizer, threads: 1 })) {
        expect(tokens).toBeLessThanOrEqual(budget);
        // At most seven merges of two bytes: between half of the bytes and all of them.
        expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(text));
        expect(tokens! * 4).toBeGreaterThan(Buffer.byteLength(text));
      }
  });
});

describe("the tokens of lines", () => {
  it.each([
    ["o200k_base", o200k],
    ["cl100k_base", cl100k],
    ["o200k_harmony", harmony],
  ])("of %s add up, where no line begins with white space or a slash", (_, { countTokens }) => {
    const part = fc.constantFrom(
      "a",
      "B",
      "é",
      "😀",
      "1",
      "23",
      " ",
      "  ",
      "\t",
      "\n",
      "\n\n",
      "\r\n",
      ".",
      "...",
      "/",
      "//",
      "-",
      "'s",
      "<|endoftext|>",
      "\u00a0",
      "\u2028",
      "日本",
    );
    const property = fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join("");
      const lines = text.split(/(?<=\n)(?=[^\s/])/);
      expect(lines.reduce((sum, line) => sum + countTokens(line, SPECIAL), 0)).toBe(countTokens(text, SPECIAL));
    });
    fc.assert(property, { numRuns: scaled(20_000), seed: 4 });
  });
});

describe("tokenizers", () => {
  it("that are not JSON, not a tokenizer, absent or not a number of tokens are refused", () => {
    const broken = join(work, "broken.json");
    writeFileSync(broken, "{");
    const empty = join(work, "empty.json");
    writeFileSync(empty, "{}");
    const code = (tokenizer: ToTextOptions["tokenizer"]) => codeOf(() => db.at(0)!.toText({ tokenizer }));
    expect(code(broken)).toBe("MEDS_INVALID_ARGUMENT");
    expect(code(empty)).toBe("MEDS_INVALID_ARGUMENT");
    expect(code("o300k_base")).toBe("MEDS_NOT_FOUND");
    expect(code(() => Number.NaN)).toBe("MEDS_INVALID_ARGUMENT");
  });
});
