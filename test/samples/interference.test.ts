// Nothing after a sample's cut-off, and nothing of another subject, reaches the sample: sources that differ only there give the same bytes.
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type BatchField, convert, Labels, loader, PatientDatabase, type SampleOptions, samples } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { folder } from "../support/folder.js";
import { runs } from "../support/property.js";

const T0 = 1_577_836_800_000_000n;
const CODES = ["A", "B//1", "B//2", "MEDS_BIRTH", "C"];
const FIELDS: readonly BatchField[] = [
  "code",
  "numeric_value",
  "numeric_value_mask",
  "time_delta_days",
  "time",
  "age_days",
  "age_days_mask",
  "static_mask",
];
const CUT = 50;

const row = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.nat({ max: 4 }), fc.option(fc.integer({ min: -9, max: 9 })));
const histories = fc.record({
  past: fc.array(row, { maxLength: 25 }),
  future: fc.array(row, { maxLength: 8 }),
  changed: fc.array(row, { maxLength: 8 }),
  other: fc.array(row, { minLength: 1, maxLength: 5 }),
  changedOther: fc.array(row, { minLength: 1, maxLength: 5 }),
  strategy: fc.constantFrom(
    "to_end" as const,
    "from_start" as const,
    "random" as const,
    "balanced_random" as const,
    "step_through" as const,
  ),
  unit: fc.constantFrom("measurements" as const, "events" as const),
  inclusive: fc.boolean(),
  static: fc.constantFrom("include" as const, "prepend" as const, "omit" as const),
  staticUntil: fc.constantFrom("null" as const, "birth" as const),
  maxLength: fc.integer({ min: 3, max: 9 }),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

/** The past in hours up to the cut-off, the future right after it: the first of its rows one microsecond later. */
function rowsOf({ past, inclusive }: History, future: History["future"], other: History["other"]): SimpleRow[] {
  const sorted = <R extends { readonly 0: bigint }>(rows: R[]) => [...rows].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const cut = T0 + BigInt(CUT) * 3_600_000_000n;
  const before = sorted(
    past.map(([hour, code, value]) => {
      const time = T0 + BigInt(hour % (inclusive ? CUT + 1 : CUT)) * 3_600_000_000n;
      return [time, CODES[code]!, value] as const;
    }),
  );
  // Where the bound is exclusive, rows at the cut-off are future.
  const first = inclusive ? 1n : 0n;
  const after = sorted(future.map(([at, code, value]) => [cut + first + BigInt(at), CODES[code]!, value] as const));
  const rows: SimpleRow[] = [[1n, null, "A", 3]];
  for (const [time, code, value] of [...before, ...after]) rows.push([1n, time, code, value]);
  for (const [time, code, value] of sorted(other.map(([hour, code, value]) => [T0 + BigInt(hour), CODES[code]!, value] as const)))
    rows.push([2n, time, code, value]);
  // All codes occur, so that ids are the same: what a table of codes tells is the vocabulary's concern.
  for (const code of CODES) rows.push([3n, null, code]);
  return rows;
}

/** All that a trainer sees of the label's samples, in two epochs. */
async function seen(
  rows: readonly SimpleRow[],
  { maxLength, strategy, unit, inclusive, static: statics, staticUntil }: History,
  late = 0n,
) {
  const source = await writeSimple(folder("interference"), rows);
  await convert(source, join(source, "s.medsdb"));
  const db = PatientDatabase.open(join(source, "s.medsdb"));
  const cut = T0 + BigInt(CUT) * 3_600_000_000n + late;
  const labels = Labels.from([{ subjectId: 1, predictionTime: cut, floatValue: 1 }]);
  const options: SampleOptions = { maxLength, strategy, unit, inclusive, static: statics, staticUntil };
  const list = samples(db, labels, options);
  const found: string[] = [JSON.stringify(list.report.atCutoff.size), String(list.size)];
  for (const epoch of [0, 1]) {
    for (const layout of ["padded", "nested"] as const) {
      for (const batch of loader(list, { batchSize: 4, fields: FIELDS, layout, epoch })) {
        for (const [name, value] of Object.entries(batch)) {
          // Which ids the codes have is told by the store's own id: no input of a model.
          if (name === "prediction_time" || name === "code_ids") continue;
          const bytes = ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex") : "";
          found.push(`${name} ${bytes || JSON.stringify(value)}`);
        }
      }
    }
  }
  db.close();
  rmSync(source, { recursive: true });
  return found;
}

describe("a sample", () => {
  it("does not depend on rows after its cut-off, or on other subjects", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const first = await seen(rowsOf(history, history.future, history.other), history);
        const second = await seen(rowsOf(history, history.changed, history.changedOther), history);
        expect(second).toEqual(first);
      }),
      { numRuns: runs, endOnFailure: true },
    );
  });

  it("would be seen to differ, were the cut-off one microsecond late", async () => {
    let caught = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const future = history.future.map(([, code, value], i) => [i, code, value] as const);
        const first = await seen(rowsOf(history, future as History["future"], history.other), history, 1n);
        const second = await seen(rowsOf(history, [], history.other), history, 1n);
        if (JSON.stringify(first) !== JSON.stringify(second)) caught += 1;
      }),
      { numRuns: 20 },
    );
    expect(caught).toBeGreaterThan(3);
  });
});
