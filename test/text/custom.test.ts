// Sections and formats of the caller's own: what they may read, what they write, and how they fail.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  custom,
  demographics,
  type KnownTimeline,
  Labels,
  MedsError,
  PatientDatabase,
  type Section,
  type SectionContent,
  type TextDocument,
  type TextTimes,
  type ToTextOptions,
  texts,
  visits,
  writeTexts,
} from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { runs } from "../support/property.js";
import { micros, type RecordRow, recordStore } from "../support/record.js";

const module = new URL("../support/texts/section.mjs", import.meta.url);
const format = new URL("../support/texts/format.mjs", import.meta.url);
const AT = "2017-03-05T12:00";

const rows: readonly RecordRow[] = [
  { time: null, code: "Gender/F", table: "person" },
  { time: "1966-07-19", code: "MEDS_BIRTH", table: "person" },
  { time: "2017-03-01", code: "LAB//1", table: "measurement", value: 7.1, unit: "%", visit: 4n },
  { time: "2017-03-02", code: "RX//2", table: "drug_exposure", text: "PO\n500 mg", end: "2017-09-01", visit: 4n },
  { time: AT, code: "LAB//1", table: "measurement", value: 8, unit: "%" },
  { time: "2018-01-01", code: "LAB//9", table: "measurement", value: 99, unit: "mg" },
];

let db: PatientDatabase;
let labels: Labels;
beforeAll(async () => {
  const many: RecordRow[] = Array.from({ length: 300 }, (_, i) => ({
    time: micros("2015-01-01") + BigInt(i) * 3_600_000_000n,
    code: `LAB//${i % 7}`,
    value: i,
    visit: BigInt(Math.floor(i / 20)),
    table: "measurement",
  }));
  db = PatientDatabase.open(
    await recordStore(
      new Map([
        [1n, rows],
        [2n, many],
      ]),
      { "LAB//1": "Hemoglobin A1c" },
    ),
  );
  labels = Labels.from([1, 2].map((subjectId) => ({ subjectId, predictionTime: AT, booleanValue: true })));
});
afterAll(() => db.close());

const section = (write: (known: KnownTimeline) => SectionContent, more: object = {}): Section =>
  custom({ name: "mine", heading: "My Section", write, ...more });
const written = (write: (known: KnownTimeline) => SectionContent, options: ToTextOptions = {}, id = 1) =>
  db.get(id)!.toText({ at: AT, sections: [section(write)], ...options });
/** The lines of the section. */
const linesOf = (write: (known: KnownTimeline) => SectionContent, options?: ToTextOptions): string =>
  written(write, options).text.split("## My Section\n\n")[1] ?? "";

describe("a section of the caller's own", () => {
  it("writes lines, blocks, a text or nothing", () => {
    expect(linesOf(() => ["one", "", "two\n\n# three"])).toBe("- one\n- two # three\n");
    expect(
      linesOf(() => [
        "first",
        { heading: "Block", lines: ["a", { text: "b", rows: 2 }] },
        { heading: "Empty", lines: [] },
        { text: "last", rows: 1 },
      ]),
    ).toBe("- first\n\n### Block\n\n- a\n- b\n\n- last\n");
    expect(linesOf(() => " A text.\n\nIts end. ")).toBe("A text.\n\nIts end.\n");
    for (const nothing of [null, undefined, "", " ", [], [""], [{ heading: "Empty", lines: [] }]])
      expect(written(() => nothing).text).not.toContain("My Section");
    const { sections, rowsKept } = written(() => ["a", { text: "b", rows: 2 }]);
    expect(sections).toEqual([
      { name: "mine", heading: "My Section", rows: 2, copies: 0, blocksLeftOut: 0, itemsLeftOut: 0, rowsLeftOut: 0 },
    ]);
    expect(rowsKept).toBe(2);
  });

  it("reads what is known, in the words of the text", () => {
    const known = (known: KnownTimeline): string[] => [
      `${known.subjectId} ${known.length}`,
      ...known.withCode("LAB//*").map(({ name, value, unit, time }) => `${name} ${value} ${unit} ${known.when(time)}`),
      ...known
        .withCode("RX//2")
        .map(({ code, text, endMicros, visit, type, numericValue }) =>
          [code, JSON.stringify(text), endMicros, visit, type, numericValue].join(" "),
        ),
      `${known.name("LAB//1")}, ${known.name("NEW//1")}`,
    ];
    expect(linesOf(known)).toBe(
      [
        "- 1 5",
        "- Hemoglobin A1c 7.1 % on 2017-03-01",
        "- Hemoglobin A1c 8 % on 2017-03-05",
        '- RX//2 "PO\\n500 mg" 4 drug_exposure',
        "- Hemoglobin A1c, NEW//1\n",
      ].join("\n"),
    );
    expect(linesOf(known, { inclusive: false })).toContain("- 1 4\n");
    const when = (times: TextTimes) => linesOf((given) => [given.when(given.withCode("LAB//1")[0]!.timeMicros)], { times });
    expect(["relative", "age", "none", { shiftTo: "2024-01-01" } as const].map((times) => when(times as TextTimes))).toEqual([
      "- 4 days before prediction time\n",
      "- at age 50\n",
      "",
      "- on 2023-12-28\n",
    ]);
  });

  it("sees no times that the text hides", () => {
    const dump = (known: KnownTimeline): string[] => [
      String(known.predictionTime),
      ...known.events.map(({ time, timeMicros, date }) => `${time} ${timeMicros} ${date?.toISOString()}`),
    ];
    expect(linesOf(dump)).toContain("2017-03-01T00:00");
    const cases: readonly (readonly [TextTimes, string])[] = [
      ["relative", "1970-01-01"],
      ["age", "1970-01-01"],
      ["none", "1970-01-01"],
      [{ shiftTo: "2024-02-29" }, "2024-02-29"],
    ];
    for (const [times, day] of cases) {
      const own = micros(`${day}T12:00`);
      const lines = linesOf(dump, { times });
      expect(lines.startsWith(`- ${own}\n`)).toBe(true);
      expect(lines).toContain(`- ${own} ${own} ${day}T12:00:00.000Z\n`);
      expect(lines).not.toMatch(/2017|1966/);
      // Without a prediction time, the last row has this day.
      const whole = db.get(1)!.toText({ times, sections: [section(dump)] }).text;
      expect(whole).toContain(`${day}T00:00:00.000Z`);
      expect(whole).not.toMatch(/2017|1966|2018/);
    }
  });

  it("can reach nothing but the known rows", () => {
    const found: KnownTimeline[] = [];
    written((known) => {
      found.push(known);
      return null;
    });
    const [known] = found;
    expect(Reflect.ownKeys(known!).sort()).toEqual(["events", "subjectId"]);
    expect(known!.events.flatMap((event) => Reflect.ownKeys(event))).toEqual([]);
    const members = (of: object): unknown[] =>
      Object.values(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(of))).flatMap(({ get }) => (get ? [get.call(of)] : []));
    for (const value of [known!, ...known!.events].flatMap(members))
      expect(["object", "function"]).not.toContain(value instanceof Date ? "date" : value === null ? "null" : typeof value);
  });

  it("loses its first or last lines and blocks where a budget is short", () => {
    const blocks = () => Array.from({ length: 30 }, (_, i) => ({ heading: `Day ${i}`, lines: [`first ${i}`, `second ${i}`] }));
    for (const [keep, kept, lost] of [
      ["first", "Day 0\n", "Day 29\n"],
      ["last", "Day 29\n", "Day 0\n"],
    ] as const) {
      const { text, tokens } = db.get(1)!.toText({ at: AT, budget: 150, tokenizer: "approximate", sections: [section(blocks, { keep })] });
      expect(tokens).toBeLessThanOrEqual(150);
      expect(text).toContain(kept);
      expect(text).not.toContain(lost);
      expect(text).toMatch(/\(\d+ parts( and \d lines?)? left out\)/);
    }
    const prose = written(() => "word ".repeat(500), { budget: 150, tokenizer: "approximate" });
    expect(prose.text).toMatch(/word word \[…\]\n/);
    expect(
      codeOf(() =>
        written(() => Array(300).fill("line"), {
          budget: 150,
          tokenizer: "approximate",
          sections: [section(() => Array(300).fill("line"), { required: true })],
        }),
      ),
    ).toBe("MEDS_BUDGET");
  });

  it("fails with its name and the patient", async () => {
    const cause = new RangeError("too far");
    const error = thrown(() =>
      written(() => {
        throw cause;
      }),
    );
    expect(error).toMatchObject({
      code: "MEDS_PASS_FAILED",
      cause,
      message: 'The section "mine" failed at subject 1: RangeError: too far',
    });
    for (const wrong of [
      5,
      {},
      [5],
      [null],
      [{ text: 5 }],
      [{ text: "a", rows: -1 }],
      [{ heading: 5, lines: [] }],
      [{ heading: "a", lines: "b" }],
      Promise.resolve("a"),
    ])
      expect(thrown(() => written(() => wrong as never))).toMatchObject({
        code: "MEDS_PASS_FAILED",
        message: expect.stringMatching(/"mine" failed at subject 1: it returned/),
      });
    const broken = texts(db, labels, {
      threads: 2,
      sections: [custom({ name: "mine", heading: "Mine", write: module, exportName: "failing" })],
    });
    expect(await rejected(broken.toArray())).toMatchObject({
      code: "MEDS_PASS_FAILED",
      message: expect.stringContaining('"mine" failed at subject 1: RangeError: too many letters'),
    });
  });

  it("runs in worker threads as a module, and in the caller's thread as a function", async () => {
    const { default: everything } = (await import(module.href)) as { default: (known: KnownTimeline) => SectionContent };
    const of = (write: URL | typeof everything) => [demographics(), custom({ name: "all", heading: "All", write })];
    const lists = await Promise.all(
      [{ threads: 2, sections: of(module) }, { threads: 0, sections: of(module) }, { sections: of(everything) }].map((options) =>
        texts(db, labels, { ...options, times: { shiftTo: "2024-01-01" } }).toArray(),
      ),
    );
    const [first, ...others] = lists.map((list) => list.map(({ text, rowsKept }) => `${rowsKept} ${text}`));
    expect(first![0]).toContain('"code":"LAB//1","name":"Hemoglobin A1c"');
    for (const other of others) expect(other).toEqual(first);
    expect(thrown(() => texts(db, labels, { threads: 1, sections: of(everything) }))).toMatchObject({
      code: "MEDS_INVALID_ARGUMENT",
      message: expect.stringContaining("`write` of a section cannot be sent to worker threads"),
    });
    expect(thrown(() => db.get(1)!.toText({ sections: of(module) }))).toMatchObject({
      code: "MEDS_INVALID_ARGUMENT",
      message: expect.stringContaining("`write` is a module"),
    });
    const absent = custom({ name: "all", heading: "All", write: module, exportName: "nothing" });
    expect(await rejected(texts(db, labels, { threads: 0, sections: [absent] }).toArray())).toMatchObject({
      code: "MEDS_INVALID_ARGUMENT",
      message: expect.stringContaining("export function nothing("),
    });
  });

  it("is refused where it makes no sense", () => {
    const write = () => null;
    const make = (options: object | undefined) => codeOf(() => custom(options as never));
    for (const wrong of [
      undefined,
      {},
      { name: "a", heading: "A" },
      { name: "", heading: "A", write },
      { name: "a", heading: "## A", write },
      { name: "a", heading: "A\nB", write },
      { name: "a", heading: "A", write: 5 },
      { name: "a", heading: "A", write: "./section.mjs" },
      { name: "a", heading: "A", write, exportName: "b" },
      { name: "a", heading: "A", write, keep: "none" },
      { name: "a", heading: "A", write, priority: 0.5 },
    ])
      expect(make(wrong), JSON.stringify(wrong)).toBe("MEDS_INVALID_ARGUMENT");
    expect(make({ name: "a", heading: "A", write: new URL("no-such.mjs", module) })).toBe("MEDS_NOT_FOUND");
    expect(codeOf(() => db.get(1)!.toText({ format: "jsonl", sections: [section(write)] }))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

const plain = ({ sections }: TextDocument): string =>
  sections
    .filter(({ blocks }) => blocks.length > 0)
    .map(({ heading, blocks }) =>
      [heading, ...blocks.flatMap((block) => [block.heading, ...block.items.map(({ text }) => text)])].join("\n"),
    )
    .join("\n");

describe("a format of the caller's own", () => {
  it("receives sections without marks", () => {
    const found: TextDocument[] = [];
    const { text } = db.get(1)!.toText({
      at: AT,
      times: { shiftTo: "2024-01-01" },
      sections: [demographics(), section(() => null), visits()],
      format: (document) => {
        found.push(document);
        return "A text.";
      },
    });
    expect(text).toBe("A text.");
    const nothing = { blocks: 0, items: 0, rows: 0 };
    const item = (text: string, heading: string | null = null) => ({ heading, text, isProse: false });
    expect(found).toEqual([
      {
        subjectId: 1n,
        predictionTime: "2024-01-01T12:00:00",
        sections: [
          {
            name: "demographics",
            heading: "Patient Demographics",
            blocks: [{ heading: null, items: [item("Age: 50 years"), item("Gender: F")] }],
            leftOut: nothing,
          },
          {
            name: "visits",
            heading: "Detailed Past Medical Visits (most recent first)",
            blocks: [
              {
                heading: "Visit on 2023-12-28 (4 days before prediction time)",
                items: [item("RX//2: PO 500 mg", "Medications"), item("Hemoglobin A1c (%): 7.1", "Measurements")],
              },
            ],
            leftOut: nothing,
          },
        ],
        leftOut: nothing,
      },
    ]);
    expect(db.get(1)!.toText({ at: AT, times: "age", format: (document) => String(document.predictionTime) }).text).toBe("null");
  });

  it("keeps to the budget, however long it is, and fills most of it", () => {
    const options = fc.record({
      budget: fc.integer({ min: 100, max: 1500 }),
      factor: fc.integer({ min: 1, max: 9 }),
      head: fc.nat({ max: 60 }),
    });
    fc.assert(
      fc.property(options, ({ budget, factor, head }) => {
        const sections = [section((known) => known.events.map(({ name, value }) => `${name}: ${value}`)), visits()];
        // Each character takes `factor` of them, and a text has `head` tokens more.
        const write = (document: TextDocument) =>
          `${"#".repeat(3 * head)}${plain(document).replaceAll(/./gsu, (one) => one.repeat(factor))}`;
        const { tokens } = db.get(2)!.toText({ sections, format: write, budget, tokenizer: "approximate" });
        expect(tokens).toBeLessThanOrEqual(budget);
        if (budget > 20 * factor + head) expect(tokens).toBeGreaterThan(budget / 4);
      }),
      { numRuns: 2 * runs },
    );
    // A text with fewer tokens than Markdown has more in it.
    const terse = (document: TextDocument) => "x".repeat(Math.ceil(plain(document).length / 10));
    const sections = [section((known) => known.events.map(({ name, value }) => `${name}: ${value}`))];
    expect(db.get(2)!.toText({ sections, format: terse, budget: 200, tokenizer: "approximate" }).sections[0]).toMatchObject({
      itemsLeftOut: 0,
    });
    expect(thrown(() => db.get(2)!.toText({ format: () => "x".repeat(999), budget: 50, tokenizer: "approximate" }))).toMatchObject({
      code: "MEDS_BUDGET",
      message: expect.stringContaining("takes 333"),
    });
    const required = () =>
      db
        .get(2)!
        .toText({ sections: [section(() => ["x".repeat(900)], { required: true })], format: plain, budget: 50, tokenizer: "approximate" });
    expect(thrown(required)).toMatchObject({
      code: "MEDS_BUDGET",
      message: expect.stringContaining('required section "mine" of subject 2'),
    });
  });

  it("runs in worker threads as a module, and writes files", async () => {
    const { default: json } = (await import(format.href)) as { default: (document: TextDocument) => string };
    const options = { budget: 400, tokenizer: "approximate" };
    const lists = await Promise.all(
      [{ threads: 2, format }, { threads: 0, format }, { format: json }].map((given) =>
        texts(db, labels, { ...options, ...given }).toArray(),
      ),
    );
    const [first, ...others] = lists.map((list) => list.map(({ text, tokens }) => [text, tokens]));
    for (const other of others) expect(other).toEqual(first);
    const out = folder("own-format");
    await writeTexts(texts(db, labels, { format }), join(out, "texts.jsonl"));
    const lines = readFileSync(join(out, "texts.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse((JSON.parse(line) as { text: string }).text))).toMatchObject([
      { subjectId: "1" },
      { subjectId: "2" },
    ]);
    await writeTexts(texts(db, labels, { format }), join(out, "texts.txt"));
    expect(
      readFileSync(join(out, "texts.txt"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toHaveLength(2);
  });

  it("fails with the patient, and is refused where it makes no sense", () => {
    const error = thrown(() =>
      db.get(1)!.toText({
        format: () => {
          throw new RangeError("no paper");
        },
      }),
    );
    expect(error).toBeInstanceOf(MedsError);
    expect(error).toMatchObject({ code: "MEDS_PASS_FAILED", message: "The format failed at subject 1: RangeError: no paper" });
    expect(thrown(() => db.get(1)!.toText({ format: (async () => "late") as never }))).toMatchObject({
      code: "MEDS_PASS_FAILED",
      message: expect.stringContaining("no promise"),
    });
    expect(thrown(() => texts(db, labels, { threads: 1, format: () => "" }))).toMatchObject({
      message: expect.stringContaining("`format` cannot be sent"),
    });
    expect(thrown(() => db.get(1)!.toText({ format }))).toMatchObject({ message: expect.stringContaining("`format` is a module") });
    for (const wrong of ["html", "./format.mjs", 5, null])
      expect(codeOf(() => db.get(1)!.toText({ format: wrong as never }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => db.get(1)!.toText({ format: new URL("no-such.mjs", format) }))).toBe("MEDS_NOT_FOUND");
    expect(codeOf(() => db.get(1)!.toText({ format: () => "", chat: { question: "?" } }))).toBe("MEDS_INVALID_ARGUMENT");
  });
});
