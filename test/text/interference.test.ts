// Nothing after the prediction time has an influence on a text: sources that differ only there give the same characters.
import fc from "fast-check";
import {
  custom,
  demographics,
  generalEvents,
  Labels,
  type LabelText,
  latestValues,
  notes,
  PatientDatabase,
  type TextOptions,
  type TextTimes,
  texts,
  visitList,
  visits,
  type WriteSection,
  type WriteText,
} from "meds-reader";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { laterStores } from "../support/later.js";
import { runs } from "../support/property.js";
import { real } from "../support/real.js";
import { type RecordRow, recordStore } from "../support/record.js";

const T0 = 1_577_836_800_000_000n;
const HOUR = 3_600_000_000n;
const own = async <F>(name: string): Promise<F> =>
  ((await import(new URL(`../support/texts/${name}.mjs`, import.meta.url).href)) as { readonly default: F }).default;
const json = await own<WriteText>("format");
const everything = await own<WriteSection>("section");
/** Hours from the beginning to the prediction time. */
const CUT = 50;
const at = T0 + BigInt(CUT) * HOUR;

const KINDS = [
  { code: "MEDS_BIRTH", table: "person" },
  { code: "Gender/F", table: "person" },
  { code: "Visit/IP", table: "visit" },
  { code: "LOINC/8867-4", table: "measurement", unit: "bpm" },
  { code: "RxNorm/1", table: "drug_exposure" },
  { code: "SNOMED/2", table: "condition" },
  { code: "HOSPITAL_DISCHARGE//HOME", table: null },
  { code: "Note Type/1", table: "note", text: "Seen today.\n\nBetter <than> & before." },
] as const;

/** Microseconds: exactly at the prediction time, and right before and after it. */
const EDGES = [-1n, 0n, 1n] as const;

const event = fc.record({
  /** Hours after the beginning; or microseconds after the prediction time. */
  at: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: CUT }) }, { weight: 1, arbitrary: fc.constantFrom(...EDGES) }),
  kind: fc.nat({ max: KINDS.length - 1 }),
  value: fc.option(fc.integer({ min: -9, max: 99 })),
  /** It ends this many hours after it begins; or this many microseconds after the prediction time. */
  end: fc.option(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 90 }) }, { weight: 1, arbitrary: fc.constantFrom(...EDGES) })),
  visit: fc.option(fc.integer({ min: 1, max: 3 })),
});
type Drawn = typeof event extends fc.Arbitrary<infer T> ? T : never;

const histories = fc.record({
  past: fc.array(event, { maxLength: 25 }),
  future: fc.array(event, { maxLength: 8 }),
  changed: fc.array(event, { maxLength: 8 }),
  statics: fc.array(fc.record({ kind: fc.nat({ max: KINDS.length - 1 }), value: fc.option(fc.nat({ max: 9 })) }), { maxLength: 3 }),
  /** What ends after the prediction time ends this many hours after it instead; null: no end is recorded. */
  end: fc.option(fc.integer({ min: 1, max: 500 })),
  inclusive: fc.boolean(),
  times: fc.constantFrom<TextTimes>("absolute", "relative", "age", "none", { shiftTo: "2030-02-01" }),
  budget: fc.option(fc.integer({ min: 60, max: 900 })),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

function rowOf({ kind, value, end, visit }: Drawn, time: bigint): RecordRow {
  const until = end === null ? null : typeof end === "bigint" ? at + end : time + BigInt(end) * HOUR;
  return { ...KINDS[kind]!, time, value, end: until, visit: visit === null ? null : BigInt(visit) };
}

/** What is known at the prediction time, and a future; what ends in the future ends at another time. */
function rowsOf(
  { past, future, statics, inclusive }: History,
  later: readonly Drawn[],
  changeEnd: (end: bigint) => bigint | null,
): RecordRow[] {
  const isLate = (time: bigint) => (inclusive ? time > at : time >= at);
  const order = (a: RecordRow, b: RecordRow) => Number((a.time as bigint) - (b.time as bigint));
  const drawn = [...past, ...future].map((one) => rowOf(one, typeof one.at === "bigint" ? at + one.at : T0 + BigInt(one.at) * HOUR));
  const before = drawn
    .filter(({ time }) => !isLate(time as bigint))
    .map((row) => (typeof row.end === "bigint" && isLate(row.end) ? { ...row, end: changeEnd(row.end) } : row));
  const first = at + (inclusive ? 1n : 0n);
  const after = later.map((one, i) => rowOf(one, first + (typeof one.at === "bigint" ? 0n : BigInt(i))));
  const timeless = statics.map(({ kind, value }) => ({ ...KINDS[kind]!, time: null, value }));
  return [{ time: null, code: "RACE//X" }, ...timeless, ...before.sort(order), ...after.sort(order)];
}

const FORMATS: readonly TextOptions[] = [
  { format: "markdown" },
  {
    format: "markdown",
    sections: [
      demographics(),
      notes({ newest: 3 }),
      latestValues({ dates: true }),
      visitList(),
      visits({ order: "oldest" }),
      generalEvents(),
    ],
  },
  { format: "markdown", sections: [custom({ name: "all", heading: "All", write: everything })] },
  { format: json, sections: [custom({ name: "all", heading: "All", write: everything, keep: "last" }), visits()] },
  { format: "chat", chat: { question: "Will the patient return?" } },
  { format: "lumia-xml" },
  { format: "medalign-xml" },
  { format: "jsonl" },
  { format: "jsonl-events" },
];

async function seen(rows: readonly RecordRow[], { inclusive, times, budget }: History, late = 0n): Promise<string[]> {
  // All codes occur, so that their ids are the same.
  const all = KINDS.map(({ code }) => ({ time: null, code }));
  const db = PatientDatabase.open(
    await recordStore(
      new Map([
        [1n, rows],
        [2n, all],
      ]),
      { "Visit/IP": "Inpatient Visit" },
    ),
  );
  try {
    // Twice: labels at one time are texts of their own.
    const labels = Labels.from([true, false].map((booleanValue) => ({ subjectId: 1, predictionTime: at + late, booleanValue })));
    const found: string[] = [];
    for (const options of FORMATS) {
      const isDocument = (["markdown", "chat", json] as unknown[]).includes(options.format);
      const given: TextOptions = {
        ...options,
        ...((isDocument || typeof times === "object") && { times }),
        ...(budget !== null && { budget: (isDocument ? (options.format === json ? 8 : 1) : 40) * budget, tokenizer: "approximate" }),
      };
      for await (const { text, tokens, rows: known, rowsKept } of texts(db, labels, { ...given, inclusive, threads: 0 }))
        found.push(`${text} ${tokens} ${known} ${rowsKept}`);
      const own = db.get(1)!.toText({ ...given, inclusive, at: at + late });
      // The answer of a chat is the label.
      if (options.format !== "chat") expect(`${own.text} ${own.tokens} ${own.rows} ${own.rowsKept}`).toBe(found.at(-1));
      if (budget !== null && own.tokens !== null) expect(own.tokens).toBeLessThanOrEqual(given.budget!);
    }
    return found;
  } finally {
    db.close();
  }
}

describe("a text", () => {
  it("has an end at exactly its prediction time, unless that is exclusive", async () => {
    const rows: RecordRow[] = [-1n, 0n, 1n].map((by, i) => ({ time: T0, code: `RX//${i}`, table: "drug_exposure", end: at + by }));
    const db = PatientDatabase.open(await recordStore(new Map([[1n, rows]])));
    const ends = (inclusive: boolean) =>
      [
        ...db
          .get(1)!
          .toText({ format: "jsonl-events", at, inclusive })
          .text.matchAll(/"code":"(\S+?)".*"end"/g),
      ].map(([, code]) => code);
    expect([ends(true), ends(false)]).toEqual([["RX//0", "RX//1"], ["RX//0"]]);
    db.close();
  });

  it("does not depend on rows after its prediction time, or on what ends after it", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { end } = history;
        const first = await seen(
          rowsOf(history, history.future, (known) => known),
          history,
        );
        const changed = (): bigint | null => (end === null ? null : at + BigInt(end) * HOUR);
        expect(await seen(rowsOf(history, history.changed, changed), history)).toEqual(first);
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });

  it("would be seen to differ, were the prediction time one microsecond late", async () => {
    let caught = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const [first, second] = [
          await seen(
            rowsOf(history, history.future, (known) => known),
            history,
            1n,
          ),
          await seen(
            rowsOf(history, [], (known) => known),
            history,
            1n,
          ),
        ];
        if (JSON.stringify(first) !== JSON.stringify(second)) caught += 1;
      }),
      { numRuns: 10 },
    );
    expect(caught).toBeGreaterThan(3);
  });
});

const mimic = real("mimic-iv-demo-meds-0.0.1");
const SECTIONS = [
  demographics(),
  latestValues({ dates: true, absent: true }),
  visitList(),
  generalEvents(),
  visits({ order: "oldest" }),
  notes({ newest: 3 }),
];
/** Every format and section; with budgets, which keep the latest rows, and every way to write times. */
const ALL: readonly TextOptions[] = [
  { format: "markdown", sections: SECTIONS },
  { format: "markdown", sections: SECTIONS, budget: 700, tokenizer: "approximate", times: "relative" },
  {
    format: "chat",
    sections: [notes({ copies: "keep" }), visits()],
    chat: { question: "Will the patient return?" },
    budget: 500,
    tokenizer: "approximate",
    times: "age",
  },
  {
    format: json,
    sections: [
      custom({
        name: "all",
        heading: "All",
        write: ({ events }) => events.map(({ code, value, timeMicros, endMicros }) => `${code} ${value} ${timeMicros} ${endMicros}`),
      }),
    ],
    times: { shiftTo: "2030-02-01" },
  },
  { format: "lumia-xml" },
  { format: "medalign-xml", times: { shiftTo: "2030-02-01" } },
  { format: "jsonl", budget: 4000, tokenizer: "approximate" },
  { format: "jsonl-events" },
];

describe.skipIf(mimic === null)("the texts of all labels of the MIMIC-IV demo", () => {
  it("do not depend on later rows, in any format or section", async () => {
    const { stores, labels } = await laterStores(mimic!, folder("later"));
    const [as, changed] = stores.map((store) => PatientDatabase.open(store)) as [PatientDatabase, PatientDatabase];
    expect(labels.length).toBeGreaterThan(250);
    const differing = async (options: TextOptions, late = 0n): Promise<number> => {
      let count = 0;
      for (const inclusive of [true, false]) {
        const own = labels.filter(({ isInclusive }) => isInclusive === inclusive);
        const list = Labels.from(own.map(({ subjectId, predictionTime }) => ({ subjectId, predictionTime: predictionTime + late })));
        const of = (db: PatientDatabase) => texts(db, list, { ...options, inclusive, threads: 0 })[Symbol.asyncIterator]();
        const [first, second] = [of(as), of(changed)];
        for (let i = 0; i < own.length; i += 1) {
          const [one, other] = [(await first.next()).value as LabelText, (await second.next()).value as LabelText];
          const numbers = ({ tokens, rows, rowsKept }: LabelText) => `${tokens} ${rows} ${rowsKept}`;
          if (one.text !== other.text || numbers(one) !== numbers(other)) count += 1;
        }
      }
      return count;
    };
    for (const options of ALL) expect(await differing(options), String(options.format)).toBe(0);
    // toText reads the shard itself, without the guard of samples.
    for (const options of [ALL[0]!, { format: "jsonl-events" } as const])
      for (const { subjectId, predictionTime, isInclusive } of labels) {
        const [one, other] = [as, changed].map((db) => {
          const text = db.get(subjectId)!.toText({ ...options, at: predictionTime, inclusive: isInclusive });
          return `${text.text} ${text.tokens} ${text.rows} ${text.rowsKept}`;
        });
        expect(one === other, `subject ${subjectId}, ${String(options.format)}`).toBe(true);
      }
    // A cut-off that is a microsecond late would be seen at every label.
    expect(await differing({ format: "jsonl", budget: 4000, tokenizer: "approximate" }, 1n)).toBe(labels.length);
    for (const db of [as, changed]) db.close();
  });
});
