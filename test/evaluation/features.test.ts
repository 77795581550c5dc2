// Count features: what they count, and that rows after the prediction time have no influence.
import { join } from "node:path";
import fc from "fast-check";
import { convert, countFeatures, type FeatureMatrix, Labels, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { runs } from "../support/property.js";

const T = 1_577_836_800_000_000n;
const HOUR = 3_600_000_000n;
const YEAR = 365.25 * 24;

async function stored(rows: readonly SimpleRow[], parents: Readonly<Record<string, string[]>> = {}): Promise<PatientDatabase> {
  const source = join(folder("features"), "source");
  await writeSimple(source, rows);
  const lists = Object.entries(parents).map(([code, above]) => `('${code}', ['${above.join("','")}'])`);
  if (lists.length > 0) await duckFile(join(source, "metadata", "codes.parquet"), `SELECT * FROM (VALUES ${lists}) t(code, parent_codes)`);
  await convert(source, `${source}.medsdb`);
  return PatientDatabase.open(`${source}.medsdb`);
}

/** A row by the names of its columns. */
const named = (matrix: FeatureMatrix, row: number) =>
  Object.fromEntries(
    Array.from(matrix.row(row), (value, column) => [matrix.names[column]!, value] as const).filter(([, value]) => value !== 0),
  );

describe("countFeatures", () => {
  it("counts codes and codes above them up to the prediction time, with static rows, and has the age", async () => {
    const rows: SimpleRow[] = [
      [1n, null, "SEX//F"],
      [1n, T, "MEDS_BIRTH"],
      [1n, T + HOUR, "DX//1"],
      [1n, T + HOUR, "DX//2"],
      [1n, T + 2n * HOUR, "DX//1"],
      [2n, T, "LAB"],
    ];
    const db = await stored(rows, { "DX//1": ["DX"], "DX//2": ["DX", "LAB"], DX: ["ROOT"] });
    const labels = Labels.from([
      { subjectId: 1, predictionTime: T + HOUR },
      { subjectId: 1, predictionTime: T + 2n * HOUR },
      { subjectId: 1, predictionTime: T - HOUR },
      { subjectId: 2, predictionTime: T },
    ]);
    const found = await countFeatures(db, labels);
    const above = { DX: 2, ROOT: 2, LAB: 1 };
    expect(named(found, 0)).toEqual({
      "age in years": expect.closeTo(1 / YEAR),
      "SEX//F": 1,
      MEDS_BIRTH: 1,
      "DX//1": 1,
      "DX//2": 1,
      ...above,
    });
    expect(named(found, 1)).toEqual({ ...named(found, 0), "age in years": expect.closeTo(2 / YEAR), "DX//1": 2, DX: 3, ROOT: 3 });
    expect([named(found, 2), named(found, 3)]).toEqual([{ "SEX//F": 1 }, { LAB: 1 }]);
    // Columns belong to the store: features of other labels fit to these.
    expect((await countFeatures(db, labels.select([3]))).names).toEqual(found.names);
    expect((await rejected(countFeatures(db, Labels.from([{ subjectId: 9, predictionTime: T }])))).code).toBe("MEDS_UNKNOWN_SUBJECT");
    db.close();
  });

  it("do not depend on rows after the prediction time", async () => {
    const event = fc.record({ hour: fc.nat({ max: 20 }), code: fc.constantFrom("A", "B", "C//1", "MEDS_BIRTH") });
    const events = fc.array(event, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(events, events, events, async (past, later, other) => {
        const rowsOf = (future: typeof later): SimpleRow[] => {
          const all = [
            ...past.map(({ hour, code }) => [hour, code] as const),
            ...future.map(({ hour, code }) => [hour + 21, code] as const),
          ];
          return [
            [1n, null, "S"],
            ...all.sort(([a], [b]) => a - b).map(([hour, code]) => [1n, T + BigInt(hour) * HOUR, code] as SimpleRow),
          ];
        };
        const labels = Labels.from([20, 5].map((hour) => ({ subjectId: 1, predictionTime: T + BigInt(hour) * HOUR })));
        const [a, b] = [await stored(rowsOf(later)), await stored(rowsOf(other))];
        const [x, y] = [await countFeatures(a, labels), await countFeatures(b, labels)];
        for (const row of [0, 1]) expect(named(x, row)).toEqual(named(y, row));
        a.close();
        b.close();
      }),
      { numRuns: runs },
    );
  });
});
