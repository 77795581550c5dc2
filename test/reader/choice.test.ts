// One spelling for sets of codes: every form, wherever codes are chosen, against a plain loop over the codes.
import { join } from "node:path";
import fc from "fast-check";
import { type CodeChoice, CodeSelection, convert, Labels, PatientDatabase, samples } from "meds-reader";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";

const CODES = ["A", "A*", "B*", "DX//1", "DX//10", "LAB//50912//mg/dL", "LAB//50912//umol/L", "LAB//a", "LAB//b", "Lab//c", "Ω", "ω"];
const DAY = 86_400_000_000n;

let store: string;
let db: PatientDatabase;
const warn = vi.spyOn(process, "emitWarning");
const warnings = () => warn.mock.calls.map(([text, options]) => ({ text: String(text), ...(options as object) }));

beforeAll(async () => {
  const source = join(folder("choice"), "source");
  await writeSimple(source, CODES.map((code, i): SimpleRow => [1n, BigInt(i + 1) * DAY, code, i])); // biome-ignore format: a line
  store = `${source}.medsdb`;
  await convert(source, store);
  db = PatientDatabase.open(store);
  warn.mockImplementation(() => {});
  return () => db.close();
});
afterEach(() => warn.mockClear());

const named = (ids: Iterable<number>) => Array.from(ids, (id) => db.codes.strings[id]!);
const LABS = CODES.filter((code) => code.startsWith("LAB//"));

/** Each choice, and the codes that it must select. */
const CHOICES: readonly (readonly [string, () => CodeChoice, readonly string[]])[] = [
  ["a code", () => "LAB//a", ["LAB//a"]],
  ["a code that ends in a star and is no prefix of others", () => "B*", ["B*"]],
  ["a text that ends in a star", () => "LAB//*", LABS],
  ["a star", () => "*", CODES],
  ["an id", () => db.codes.id("DX//1")!, ["DX//1"]],
  ["the id of a code that is also a prefix", () => db.codes.id("A*")!, ["A*"]],
  ["a prefix", () => ({ prefix: "A" }), ["A", "A*"]],
  ["prefixes", () => ({ prefix: ["LAB//5", "DX//1"] }), ["DX//1", "DX//10", ...LABS.slice(0, 2)]],
  ["an expression", () => /^lab/i, [...LABS, "Lab//c"]],
  ["an expression that goes on", () => /[ab]$/g, ["LAB//a", "LAB//b"]],
  ["an expression at one place", () => /LAB/y, LABS],
  [
    "a function",
    () =>
      ({ code, description }) =>
        code.length === 1 && description === null,
    ["A", "Ω", "ω"],
  ],
  ["a range", () => db.codes.withPrefix("DX//"), ["DX//1", "DX//10"]],
  ["a selection", () => db.codes.select(/Ω/i), ["Ω", "ω"]],
  ["ids in a typed array", () => Uint32Array.of(db.codes.id("Ω")!, db.codes.id("A")!), ["A", "Ω"]],
  ["an ancestor", () => db.codes.withAncestor("DX//1"), ["DX//1"]],
  ["a set", () => new Set(["DX//10", "DX//1", "DX//1*"]), ["DX//1", "DX//10"]],
  ["a list of everything", () => ["A", /^Lab/, { prefix: "DX//10" }, db.codes.withPrefix("LAB//5"), ({ id }) => id === db.codes.id("ω")],
    ["A", "DX//10", ...LABS.slice(0, 2), "Lab//c", "ω"]], // biome-ignore format: a table
];

describe("a choice of codes", () => {
  it.each(CHOICES)("is %s", async (_, choice, expected) => {
    const sorted = [...expected].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (let round = 0; round < 2; round += 1) {
      const selected = db.codes.select(choice());
      expect(named(selected)).toEqual(sorted);
      expect(selected).toHaveLength(sorted.length);
      expect(named(Array.from(db.codes, ({ id }) => id).filter((id) => selected.has(id)))).toEqual(sorted);
      expect(Array.from(db.at(0)!.withCode(choice()), ({ code }) => code)).toEqual(CODES.filter((code) => sorted.includes(code)));
      const { rows } = await db.rowsWithCode(choice());
      expect(Array.from(rows, (row) => db.at(0)!.codeAt(row)).sort()).toEqual([...sorted].sort());
      const { codeIds } = await db.countCodesEach({ codes: choice() });
      expect(named(codeIds)).toEqual(sorted);
      const labels = Labels.from([{ subjectId: 1, predictionTime: "1971" }]);
      const [sample] = samples(db, labels, { maxLength: 100, codes: choice() });
      expect(Array.from(sample!.timeline, ({ code }) => code)).toEqual(CODES.filter((code) => sorted.includes(code)));
    }
    expect(warnings()).toEqual([]);
  });

  it("joins its parts, in any order, each code once", () => {
    const part = fc.oneof(fc.constantFrom(...CODES.filter((code) => code !== "A*")), fc.integer({ min: 1, max: CODES.length }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const wanted = new Set(parts.map((one) => (typeof one === "number" ? db.codes.strings[one]! : one)));
        expect(named(db.codes.select(parts))).toEqual(Array.from(db.codes, ({ code }) => code).filter((code) => wanted.has(code)));
        expect(db.at(0)!.withCode(...parts).length).toBe(wanted.size);
      }),
    );
  });

  it("does not depend on where an expression stopped", () => {
    const expression = /a$/g;
    expression.lastIndex = 3;
    expect(named(db.codes.select(expression))).toEqual(["LAB//a"]);
    expect(expression.lastIndex).toBe(3);
  });

  it("is refused where a text has two meanings", () => {
    const error = thrown(() => db.at(0)!.withCode("A*"));
    expect(error.message).toContain('db.codes.id("A*")');
    expect(error.message).toContain('{ prefix: "A" }');
  });

  it("is refused with a selection, a range or an ancestor's codes of another store", async () => {
    const source = folder("other");
    await writeSimple(
      source,
      ["0", ...CODES].map((code, i): SimpleRow => [1n, BigInt(i + 1) * DAY, code, i]),
    );
    await convert(source, `${source}.medsdb`);
    const other = PatientDatabase.open(`${source}.medsdb`);
    // Its ids are those of other codes there.
    const others = [other.codes.select("A"), other.codes.withPrefix("A"), other.codes.withAncestor("A"), other.codes.withAncestor("none")];
    for (const choice of others) {
      expect(codeOf(() => db.codes.select(choice))).toBe("MEDS_OTHER_IDS");
      expect(codeOf(() => db.at(0)!.withCode(choice))).toBe("MEDS_OTHER_IDS");
      expect(codeOf(() => db.at(0)!.first(choice))).toBe("MEDS_OTHER_IDS");
      expect((await rejected(db.rowsWithCode(choice))).code).toBe("MEDS_OTHER_IDS");
    }
    other.close();
  });

  it("is the same in each database that has the store open, as in the workers of a pass", () => {
    const other = PatientDatabase.open(store);
    const choices = [other.codes.select(/^LAB/), other.codes.withPrefix("LAB//"), other.codes.withAncestor("DX//1")];
    other.close();
    expect(choices.map((choice) => named(db.codes.select(choice)))).toEqual([LABS, LABS, ["DX//1"]]);
    expect(db.at(0)!.withCode(...choices).length).toBe(LABS.length + 1);
  });

  it("is its codes in JSON, without the table of all codes", () => {
    const range = db.codes.withPrefix("DX//");
    expect(JSON.parse(JSON.stringify([db.codes.select(/^LAB/), range]))).toEqual([LABS, { begin: range.begin, end: range.end }]);
  });

  it("is refused with unknown members and functions that do not answer", () => {
    expect(codeOf(() => db.codes.select({ prefix: "A", sufix: "x" } as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => db.codes.select((() => 1) as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => db.codes.select([["A"]] as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(db.codes.select([])).toBeInstanceOf(CodeSelection);
  });

  it("applies a function again each time, because what it knows may change", () => {
    let wanted = "A";
    const test: CodeChoice = ({ code }) => code === wanted;
    expect(named(db.codes.select(test))).toEqual(["A"]);
    wanted = "Ω";
    expect(named(db.codes.select(test))).toEqual(["Ω"]);
  });
});

describe("a choice without a code", () => {
  const said: readonly (readonly [string, CodeChoice, RegExp])[] = [
    ["another case", "lab//A", /is "lab\/\/A"\. The nearest is "LAB\/\/a"/],
    ["a beginning", "LAB//50912", /nearest are "LAB\/\/50912\/\/mg\/dL", "LAB\/\/50912\/\/umol\/L"/],
    ["a part", "mg/dL", /The nearest is "LAB\/\/50912\/\/mg\/dL"/],
    ["a wrong letter", "LAB//50913//mg/dL", /nearest (is|are) "LAB\/\/50912\/\/mg\/dL"/],
    ["a code of the same kind", "DX//E11", /nearest are "DX\/\/1", "DX\/\/10"/],
    ["a prefix", "LABS//*", /begins with "LABS\/\/"\. The nearest/],
    ["a prefix without its star", "LAB//", /\d codes begin with "LAB\/\/": to choose them, write "LAB\/\/\*"/],
    ["prefixes", { prefix: ["LAB//", "VITAL//"] }, /begins with "VITAL\/\/"/],
    ["an expression", /glucose/i, /matches \/glucose\/i/],
    ["an expression near a code", /LAB\/\/5091[0-1]/, /matches .*nearest are "LAB/],
    ["an id", 99, /has the id 99/],
    ["a function", ({ code }) => code === "none", /chosen by the function/],
    ["part of a list", ["A", "nope 1", "nope 2"], /is "nope 1".* is "nope 2"/],
  ];

  it.each(said)("warns once: %s", async (_, choice, text) => {
    const fresh = PatientDatabase.open(store);
    for (let round = 0; round < 3; round += 1) {
      fresh.at(0)!.withCode(choice);
      await fresh.rowsWithCode(choice);
      fresh.codes.select(choice);
    }
    fresh.close();
    expect(warnings()).toEqual([{ text: expect.stringMatching(text), type: "MedsWarning", code: "MEDS_NO_CODE" }]);
  });

  it("warns about an empty range or list of db.codes, not about an empty list of the caller", () => {
    db.codes.select(db.codes.withPrefix("NONE//"));
    db.codes.select(db.codes.withAncestor("NONE/1"));
    db.codes.select([]);
    db.at(0)!.withCode();
    expect(warnings().map(({ text }) => text.slice(0, 50))).toEqual([
      expect.stringContaining('begins with "NONE//"'),
      expect.stringContaining('is "NONE/1", or is below'),
    ]);
  });

  it("names the option, and a few of many parts", () => {
    const labels = Labels.from([{ subjectId: 1, predictionTime: DAY }]);
    samples(db, labels, { maxLength: 4, dateOnly: Array.from({ length: 5000 }, (_, index) => `missing ${index}`) });
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]!.text).toMatch(/^`dateOnly`: .*"missing 2".* 4997 more parts/);
    expect(warnings()[0]!.text.length).toBeLessThan(400);
  });
});

it("several codes for first are one argument: the error says so", () => {
  expect(() => db.at(0)!.first("A", ["B"] as never)).toThrow("Several codes are one argument: an array");
  expect(() => db.at(0)!.first("A", "B" as never)).toThrow("Several codes are one argument: an array");
});
