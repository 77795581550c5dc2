// Random regular expressions, and texts in which they may match.
import fc from "fast-check";

/** What searches know besides characters, on both sides: sets, anchors, groups, repetitions. */
const atom = fc.constantFrom(
  "a",
  "b",
  "é",
  "ß",
  "K",
  "\u212a",
  "😀",
  "1",
  " ",
  "\\n",
  ".",
  "\\d",
  "\\w",
  "\\W",
  "\\s",
  "\\S",
  "[ab]",
  "[^a]",
  "[a-c1-3]",
  "[\\w-]",
  "\\x61",
  "\\u00e9",
  "\\.",
  "-",
  "[\\]^]",
  "[&~]",
  "\\t",
);
const repeated = fc
  .tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}", "{1,}", "*?", "+?"))
  .map(([one, times]) => one + times);
const sequence = fc.array(repeated, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
const anchored = fc
  .tuple(fc.constantFrom("", "", "", "^", "\\b", "\\B"), sequence, fc.constantFrom("", "", "", "$", "\\b"))
  .map((parts) => parts.join(""));
export const source = fc.oneof(
  anchored,
  fc.tuple(anchored, anchored).map(([a, b]) => `${a}|${b}`),
  fc.tuple(sequence, anchored).map(([a, b]) => `(${a})${b}`),
  // A repeated group that can be empty ends elsewhere in JavaScript.
  fc
    .tuple(sequence, sequence)
    .map(([a, b]) => `(?:${a}|${b})`)
    .filter((group) => !new RegExp(`^${group}$`, "u").test(""))
    .map((group) => `${group}+`),
  fc.tuple(sequence, sequence).map(([a, b]) => `(?<name>${a})${b}`),
);

export const text = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "c",
      "A",
      "é",
      "É",
      "ß",
      "K",
      "k",
      "\u212a",
      "😀",
      "1",
      "2",
      " ",
      "\n",
      "\r",
      "\t",
      ".",
      "-",
      "_",
      "]",
      "^",
      "&",
      "~",
      "\u2028",
      "\u00a0",
    ),
    {
      minLength: 1,
      maxLength: 24,
    },
  )
  .map((parts) => parts.join(""));
