// Patients with their labels: meds_reader's map_with_data, whatever the order of the table.
import fc from "fast-check";
import { Labels, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generated } from "../support/generated.js";

const module = new URL("../support/passes/rows.mjs", import.meta.url);

interface Given {
  readonly id: bigint;
  readonly rows: number;
  readonly labels: readonly { readonly predictionTime: bigint; readonly integerValue: bigint | null }[];
}

let db: PatientDatabase;
beforeAll(() => {
  db = PatientDatabase.open(generated.store);
});
afterAll(() => db.close());

/** Pairs by a plain loop over patients and table. */
function joined(labels: Labels, patients: Iterable<{ subjectId: bigint; length: number }>, all: boolean): Given[] {
  const table = [...labels];
  return Array.from(patients, (patient) => ({
    id: patient.subjectId,
    rows: patient.length,
    labels: table.filter(({ subjectId }) => subjectId === patient.subjectId),
  })).filter((given) => all || given.labels.length > 0);
}

describe("mapWithLabels", () => {
  it("passes each patient with its labels, in the order of the table, for any table", async () => {
    const { subjectIds } = db;
    const row = fc.record({
      subjectId: fc.oneof(
        fc.nat(299).map((slot) => subjectIds[slot]!),
        fc.constantFrom(-5n, 2n ** 62n),
      ),
      predictionTime: fc.bigInt(-(2n ** 60n), 2n ** 60n),
      integerValue: fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    });
    const train = db.split([...db.splits.keys()][0]!);
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 200 }), fc.boolean(), fc.boolean(), async (rows, all, isSplit) => {
        const labels = Labels.from(rows);
        const cohort = isSplit ? train : db;
        const options = { exportName: "withLabels", threads: 2, unlabelled: all ? "include" : "omit" } as const;
        const pass = cohort.mapWithLabels<Given>(module, labels, options);
        expect(await pass.toArray()).toEqual(joined(labels, cohort, all));
        const unknown = rows.filter(({ subjectId }) => !db.has(subjectId));
        const inside = rows.filter(({ subjectId }) => cohort.has(subjectId));
        const labelled = new Set(inside.map(({ subjectId }) => subjectId)).size;
        expect(pass.report).toEqual({
          patients: all ? cohort.size : labelled,
          chunks: pass.report.chunks,
          labels: inside.length,
          unknownLabels: unknown.length,
          unknownSubjects: new Set(unknown.map(({ subjectId }) => subjectId)).size,
          outsideLabels: rows.length - inside.length - unknown.length,
          unlabelledPatients: cohort.size - labelled,
        });
      }),
      { numRuns: 12, seed: 3 },
    );
  });

  it("does without labels", async () => {
    const none = Labels.from([]);
    expect(await db.mapWithLabels(module, none).toArray()).toEqual([]);
    const all = await db.mapWithLabels<Given>(module, none, { exportName: "withLabels", unlabelled: "include" }).toArray();
    expect(all.length).toBe(300);
    expect(all.every(({ labels }) => labels.length === 0)).toBe(true);
  });
});
