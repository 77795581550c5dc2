// The preconditioner of logistic regression: what it inverts, and that fits need it less often than they would without.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { fitLogistic } from "../../src/evaluation/logistic.js";
import { MeanRows } from "../../src/evaluation/preconditioner.js";
import { Rows } from "../../src/evaluation/scaled-rows.js";

/** Rows of chains, as they are stored: the first of each chain, then the differences. */
function stored(chains: readonly (readonly (readonly number[])[])[]): Rows {
  const [starts, offsets, indexes, values] = [[0], [0], [] as number[], [] as number[]];
  for (const chain of chains) {
    for (const [i, row] of chain.entries()) {
      for (const [j, value] of row.entries()) {
        const change = value - (i === 0 ? 0 : chain[i - 1]![j]!);
        if (change !== 0) {
          indexes.push(j);
          values.push(change);
        }
      }
      offsets.push(indexes.length);
    }
    starts.push(starts.at(-1)! + chain.length);
  }
  const columns = chains[0]![0]!.length;
  return new Rows(Int32Array.from(starts), Float64Array.from(offsets), Int32Array.from(indexes), Float64Array.from(values), columns);
}

const COLUMNS = 4;
const row = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: COLUMNS, maxLength: COLUMNS });

describe("MeanRows", () => {
  it("inverts the second derivatives with the mean row of each chain, and the diagonal of what is left", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: COLUMNS + 1, maxLength: COLUMNS + 1 }),
        (chains, wanted) => {
          const rows = stored(chains);
          // Rows of weight 0 occur: far from the boundary, the second derivative underflows.
          const weights = Float64Array.from({ length: rows.count }, (_, i) => i % 3);
          const diagonal = rows.diagonal(weights).map((value) => value + 1);
          const matrix = Array.from({ length: COLUMNS + 1 }, () => new Array<number>(COLUMNS + 1).fill(0));
          let at = 0;
          for (const chain of chains) {
            const own = chain.map((values) => ({ weight: weights[at++]!, values: [...values, 1] }));
            const total = own.reduce((sum, { weight }) => sum + weight, 0);
            if (total === 0) continue;
            const mean = matrix.map((_, j) => own.reduce((sum, { weight, values }) => sum + weight * values[j]!, 0) / total);
            for (const [j, line] of matrix.entries()) for (const k of line.keys()) line[k]! += total * mean[j]! * mean[k]!;
          }
          for (const [j, line] of matrix.entries()) line[j] = diagonal[j]!;
          const vector = Float64Array.from(matrix, (line) => line.reduce((sum, value, k) => sum + value * wanted[k]!, 0));
          const found = new Float64Array(COLUMNS + 1);
          new MeanRows(rows, weights, diagonal).divide(vector, found);
          for (const [j, value] of wanted.entries()) expect(found[j]).toBeCloseTo(value, 6);
        },
      ),
    );
  });

  it("saves products where the labels of few patients are almost separable", () => {
    const numbers = random(7);
    const chains = Array.from({ length: 40 }, () => {
      const current = Array.from({ length: 300 }, () => (numbers() < 0.3 ? 1 : 0));
      return Array.from({ length: 15 }, () => {
        for (const j of current.keys()) if (numbers() < 0.05) current[j]! += numbers();
        return [...current];
      });
    });
    const truths = Uint8Array.from({ length: 600 }, () => Number(numbers() < 0.3));
    const fit = () => {
      const rows = stored(chains);
      const products = vi.spyOn(rows, "curved");
      const scores = new Float64Array(rows.count);
      const { weights, bias, converged } = fitLogistic(rows, truths, 1e4);
      rows.times(Float64Array.from([...weights, bias]), scores);
      return { products: products.mock.calls.length, converged, scores };
    };
    const found = fit();
    const never = vi.spyOn(MeanRows, "worthAfter").mockReturnValue(Number.POSITIVE_INFINITY);
    const plain = fit();
    never.mockRestore();
    expect([found.converged, plain.converged]).toEqual([true, true]);
    for (const [i, score] of found.scores.entries())
      expect(1 / (1 + Math.exp(-score))).toBeCloseTo(1 / (1 + Math.exp(-plain.scores[i]!)), 4);
    expect(found.products).toBeLessThan(0.6 * plain.products);
  });
});

/** Numbers from 0 to 1; equal seeds give equal numbers. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
