// The native side that moves rows into batches believes nothing that it is told of them.
import { createRequire } from "node:module";
import { join } from "node:path";
import { convert, Labels, loader, MedsError, PatientDatabase, samples } from "meds-reader";
import { describe, expect, it } from "vitest";
import { LIST, STATICS, WORD } from "../../src/batches/fields/run.js";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { codeOf } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { nativeFile } from "../support/package.js";

const HOUR = 3_600_000_000n;
const rows: readonly SimpleRow[] = [
  [1n, null, "SEX//F"],
  [1n, 0n, "A", 1.5],
  [1n, HOUR, "B", Number.NaN],
  [1n, 2n * HOUR, "A", -0.25],
  [2n, 0n, "C", 7],
  [2n, HOUR, "A"],
] as const;

async function store(): Promise<PatientDatabase> {
  const source = await writeSimple(folder("fill"), rows);
  await convert(source, join(source, "s.medsdb"));
  return PatientDatabase.open(join(source, "s.medsdb"));
}

/** The code of what a call throws. */
function outcome(call: () => unknown): string {
  try {
    call();
    return "filled";
  } catch (error) {
    if (error instanceof MedsError) return error.code;
    throw error;
  }
}

/** What the public types leave out. */
function internals(db: PatientDatabase): {
  native: { fill(...given: unknown[]): unknown };
  shard: { offsets: Int32Array; patients: number };
} {
  const { _store: store } = db as unknown as { _store: { native: { fill(): unknown }; shard(index: number): never } };
  return { native: store.native, shard: store.shard(0) };
}

const at = (subjectId: number, predictionTime: bigint) => ({ subjectId, predictionTime, booleanValue: true });

describe("a batch", () => {
  it("is refused where a window has a row after its cut-off", async () => {
    const db = await store();
    const list = samples(db, Labels.from([at(1, HOUR), at(2, 0n)]), { maxLength: 8 });
    const inner = list as unknown as { _knownEnds(...given: unknown[]): Uint32Array };
    const own = inner._knownEnds.bind(list);
    const late = (by: number) => {
      inner._knownEnds = (...given) => own(...given).map((end, i) => end + (i === 1 ? by : 0));
      return () => [...loader(list, { batchSize: 2 })];
    };
    expect(late(0)()).toHaveLength(1);
    expect(codeOf(late(1))).toBe("MEDS_LEAK");
    expect(late(1)).toThrow(/row 1 of subject 2 is at 1970-01-01T01:00:00, after the sample's cut-off at 1970-01-01T00:00:00/);
    // Beyond the patient.
    expect(codeOf(late(2))).toBe("MEDS_INTERNAL");
    db.close();
  });

  it("is filled alike into memory of its own, shared memory, and none twice", async () => {
    const db = await store();
    const list = samples(db, Labels.from([at(1, HOUR), at(2, HOUR)]), { maxLength: 8 });
    const plain = [...loader(list, { batchSize: 2 })][0]!;
    const shared = [...loader(list, { batchSize: 2, allocate: (_, bytes) => new SharedArrayBuffer(bytes + 64) })][0]!;
    for (const name of ["code", "numeric_value", "numeric_value_mask", "time_delta_days", "time"] as const) {
      expect(Array.from<number | bigint>(shared[name])).toEqual(Array.from<number | bigint>(plain[name]));
      expect(shared[name].buffer).toBeInstanceOf(SharedArrayBuffer);
    }
    expect(Array.from(plain.numeric_value_mask)).toEqual([1, 0, 1, 0]);
    // One memory for all fields is nonsense, and no crash.
    const one = new ArrayBuffer(4096);
    expect([...loader(list, { batchSize: 2, allocate: () => one })]).toHaveLength(1);
    db.close();
  });

  it("is described by runs of the same words in JavaScript and in Rust", () => {
    const { batchRun } = createRequire(import.meta.url)(nativeFile) as { batchRun(): unknown };
    expect(batchRun()).toEqual({ words: Object.keys(WORD), list: LIST, statics: STATICS });
    expect(Object.values(WORD)).toEqual(Object.keys(WORD).map((_, i) => i));
  });

  it("is not filled from what does not fit together", async () => {
    const db = await store();
    const { native, shard } = internals(db);
    const { offsets, patients } = shard;
    const fill = (run: readonly number[], { list = [] as number[], ids = [] as number[], size = 8, mean = 0, std = 0 } = {}) =>
      outcome(() =>
        native.fill(
          { runs: Int32Array.from(run), list: Uint32Array.from(list), cutoffs: new BigInt64Array([HOUR]), inclusive: true },
          { ids: Int32Array.from(ids), mean: new Float64Array(mean), std: new Float64Array(std) },
          {
            code: new Int32Array(size),
            value: new Float32Array(size),
            mask: new Uint8Array(size),
            days: new Float32Array(size),
            time: new BigInt64Array(size),
          },
        ),
      );
    const row = offsets[0]! + 1;
    const run = [0, 0, 0, row, 2, 0, 0, 2, row];
    const but = (place: number, value: number) => run.map((word, i) => (i === place ? value : word));
    expect(fill(run)).toBe("filled");
    const wrong = [but(0, 1), but(0, -1), but(1, 1), but(2, patients), but(3, -1), but(4, 9), but(4, 2 ** 31 - 1), but(5, 7), but(6, 7)];
    for (const other of [...wrong, but(7, 3), but(8, 99), but(8, -3), run.slice(1)]) expect(fill(other)).toBe("MEDS_INTERNAL");
    // As a list: the row before, then the rows.
    const listed = [0, 0, 0, 0, 2, 0, 0, 2, -1];
    expect(fill(listed, { list: [row, row, row + 1] })).toBe("filled");
    for (const list of [
      [row, row],
      [row, row, 99],
      [99, row, row],
      [row, row, offsets[1]!],
    ])
      expect(fill(listed, { list })).toBe("MEDS_INTERNAL");
    expect(fill(run, { ids: [0] })).toBe("MEDS_INTERNAL");
    expect(fill(run, { mean: 1, std: 1 })).toBe("MEDS_INTERNAL");
    expect(fill(run, { mean: 9, std: 8 })).toBe("MEDS_INTERNAL");
    expect(fill(run, { size: 0 })).toBe("filled");
    db.close();
    expect(fill(run)).toBe("MEDS_CLOSED");
  });
});
