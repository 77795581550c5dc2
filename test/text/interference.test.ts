// Nothing after the prediction time has an influence on a text: sources that differ only there give the same characters.
import fc from "fast-check";
import {
  custom,
  demographics,
  generalEvents,
  Labels,
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
import { runs } from "../support/property.js";
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

const event = fc.record({
  hour: fc.integer({ min: 0, max: CUT }),
  kind: fc.nat({ max: KINDS.length - 1 }),
  value: fc.option(fc.integer({ min: -9, max: 99 })),
  length: fc.option(fc.integer({ min: 0, max: 90 })),
  visit: fc.option(fc.integer({ min: 1, max: 3 })),
});
type Drawn = typeof event extends fc.Arbitrary<infer T> ? T : never;

const histories = fc.record({
  past: fc.array(event, { maxLength: 25 }),
  future: fc.array(event, { maxLength: 8 }),
  changed: fc.array(event, { maxLength: 8 }),
  /** What ends after the prediction time ends this many hours after it instead; null: no end is recorded. */
  end: fc.option(fc.integer({ min: 1, max: 500 })),
  inclusive: fc.boolean(),
  times: fc.constantFrom<TextTimes>("absolute", "relative", "age", "none", { shiftTo: "2030-02-01" }),
  budget: fc.option(fc.integer({ min: 60, max: 900 })),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

function rowOf({ kind, value, length, visit }: Drawn, time: bigint): RecordRow {
  const end = length === null ? null : time + BigInt(length) * HOUR;
  return { ...KINDS[kind]!, time, value, end, visit: visit === null ? null : BigInt(visit) };
}

/** The past up to the prediction time, and the future right after it. */
function rowsOf({ past, inclusive }: History, future: readonly Drawn[], changeEnd: (end: bigint) => bigint | null): RecordRow[] {
  const isLate = (time: bigint) => (inclusive ? time > at : time >= at);
  const order = (a: RecordRow, b: RecordRow) =>
    (a.time as bigint) < (b.time as bigint) ? -1 : (a.time as bigint) > (b.time as bigint) ? 1 : 0;
  const before = past
    .map((drawn) => rowOf(drawn, T0 + BigInt(drawn.hour % (inclusive ? CUT + 1 : CUT)) * HOUR))
    .map((row) => (typeof row.end === "bigint" && isLate(row.end) ? { ...row, end: changeEnd(row.end) } : row));
  const after = future.map((drawn, i) => rowOf(drawn, at + (inclusive ? 1n : 0n) + BigInt(i)));
  return [{ time: null, code: "RACE//X" }, ...before.sort(order), ...after];
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
    const labels = Labels.from([{ subjectId: 1, predictionTime: at + late, booleanValue: true }]);
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
