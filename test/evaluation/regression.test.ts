// Logistic regression: optima by hand and by derivatives, and those of scikit-learn where Python is.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { convert, countFeatures, type FeatureMatrix, generate, Labels, LogisticRegression, PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { scorePython } from "../support/python.js";

const out = folder("regression");
let db: PatientDatabase;
let matrix: FeatureMatrix;
let truths: number[];

beforeAll(async () => {
  await generate(`${out}/demo`, { patients: 30, events: 6000, seed: 5 });
  await convert(`${out}/demo`, `${out}/demo.medsdb`);
  db = PatientDatabase.open(`${out}/demo.medsdb`);
  const labels = (await Labels.open(`${out}/demo/labels/readmission_30d`)).select(({ booleanValue }) => booleanValue !== null);
  matrix = await countFeatures(db, labels);
  truths = Array.from(labels, ({ booleanValue }) => Number(booleanValue));
  return () => db.close();
});

const STRENGTHS = [1e-4, 1e-2, 1, 100, 1e4];

/** The largest component of the gradient of the objective, over the scaled columns, by a loop of its own. */
function largestGradient(model: LogisticRegression, rows: readonly number[], y: readonly number[]): number {
  const dense = rows.map((row) => [...matrix.row(row)]);
  const columns = [...dense[0]!.keys()].filter((j) => dense.some((row) => row[j] !== 0));
  const factor = columns.map((j) => 1 / Math.max(...dense.map((row) => Math.abs(row[j]!))));
  const errors = dense.map((row, i) => 1 / (1 + Math.exp(-row.reduce((sum, x, j) => sum + x * model.weights[j]!, model.bias))) - y[i]!);
  const ofWeights = columns.map((j, c) => {
    const scaled = model.weights[j]! / factor[c]!;
    return (
      errors.reduce((sum, error, i) => sum + error * dense[i]![j]! * factor[c]!, 0) / rows.length + scaled / (model.strength * rows.length)
    );
  });
  return Math.max(...ofWeights.map(Math.abs), Math.abs(errors.reduce((sum, error) => sum + error, 0) / rows.length));
}

describe("LogisticRegression", () => {
  it("has converged: a second computation of the gradient agrees", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 40 }), { minLength: 2, maxLength: 30 }),
        fc.constantFrom(...STRENGTHS),
        fc.boolean(),
        (picked, strength, isSorted) => {
          const rows = picked.map((row) => row % matrix.rows);
          // Sorted, most rows are stored as differences from the row before.
          if (isSorted) rows.sort((a, b) => a - b);
          const y = rows.map((row) => truths[row]!);
          fc.pre(y.includes(0) && y.includes(1));
          const model = LogisticRegression.fit(matrix, y, { rows, strength });
          expect([model.converged, model.gradient <= 1e-8]).toEqual([true, true]);
          expect(largestGradient(model, rows, y)).toBeLessThan(2e-8);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("gives the share of true labels where the penalty is very strong, and the same bits each time", () => {
    const model = LogisticRegression.fit(matrix, truths, { strength: 1e-12 });
    const share = truths.reduce((sum, y) => sum + y, 0) / truths.length;
    for (const p of model.predict(matrix)) expect(p).toBeCloseTo(share, 6);
    const [a, b] = [LogisticRegression.fit(matrix, truths), LogisticRegression.fit(matrix, truths)];
    expect(b.weights).toEqual(a.weights);
  });

  it("refuses labels of one class, lengths that differ, and rows outside the matrix", () => {
    for (const call of [
      () =>
        LogisticRegression.fit(
          matrix,
          truths.map(() => 1),
        ),
      () => LogisticRegression.fit(matrix, [0, 1]),
      () => LogisticRegression.fit(matrix, [0, 1], { rows: [0, matrix.rows] }),
      () => LogisticRegression.fit(matrix, truths, { strength: 0 }),
      () => LogisticRegression.fit(matrix, truths, { scale: "min" as never }),
    ])
      expect(codeOf(call)).toBe("MEDS_INVALID_ARGUMENT");
  });

  it.skipIf(scorePython === null)(
    "predicts what scikit-learn's predicts, to 1e-6 (Python with scikit-learn)",
    () => {
      const scales = ["max-abs", "standard", "none"] as const;
      const found = scales.flatMap((scale) =>
        STRENGTHS.map((strength) => ({
          scale,
          strength,
          p: [...LogisticRegression.fit(matrix, truths, { strength, scale }).predict(matrix)],
        })),
      );
      const program = `
import json, sys
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
d = json.load(sys.stdin)
X = csr_matrix((d["values"], d["indexes"], np.array(d["offsets"], dtype=int)), shape=(len(d["y"]), d["columns"]))
for one in d["found"]:
    Z = {"max-abs": lambda: MaxAbsScaler().fit_transform(X), "standard": lambda: StandardScaler().fit_transform(X.toarray()), "none": lambda: X}[one["scale"]]()
    model = LogisticRegression(C=one["strength"], solver="newton-cg", tol=1e-10, max_iter=20000).fit(Z, d["y"])
    print(np.abs(model.predict_proba(Z)[:, 1] - np.array(one["p"])).max())
`;
      const { offsets, indexes, values, names } = matrix;
      const input = JSON.stringify({
        offsets: [...offsets],
        indexes: [...indexes],
        values: [...values],
        columns: names.length,
        y: truths,
        found,
      });
      const done = spawnSync(scorePython!, ["-c", program], { input, encoding: "utf8", maxBuffer: 1 << 26 });
      expect(done.status, done.stderr).toBe(0);
      const differences = done.stdout.trim().split("\n").map(Number);
      expect(differences).toHaveLength(found.length);
      for (const difference of differences) expect(difference).toBeLessThan(1e-6);
    },
    120_000,
  );
});
