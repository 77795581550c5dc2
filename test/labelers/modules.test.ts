// Labels by a caller's own function, and labels drawn by a seed.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { convert, type LabelRow, Labels, outcomeWithin, PatientDatabase, predictionTimes } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomPatients, stored } from "../support/clinic-labels.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { real } from "../support/real.js";

const module = new URL("../support/passes/labels.mjs", import.meta.url);

let db: PatientDatabase;
beforeAll(async () => {
  ({ db } = await stored(randomPatients(31, 600)));
});
afterAll(() => db.close());

describe("a function of a module", () => {
  it("is called for each patient, with its arguments", async () => {
    const labels = await db.label(module, { exportName: "long", args: { least: 12 }, threads: 2, task: "long" });
    const expected = [...db].flatMap((patient) =>
      patient.lastTime === null ? [] : [[patient.subjectId, BigInt(patient.lastTime), patient.length >= 12 ? 600n : 0n]],
    );
    expect([...labels].map(({ subjectId, predictionTime, integerValue }) => [subjectId, predictionTime, integerValue])).toEqual(expected);
    expect([labels.task, labels.columns]).toEqual(["long", ["integer_value"]]);
  });

  it("that returns something else than labels is an error that names the patient or the module", async () => {
    for (const exportName of ["nobody", "other", "named", "timeless"]) {
      const error = await rejected(db.label(module, { exportName }));
      expect([error.code, (error.cause as { code: string }).code]).toEqual(["MEDS_PASS_FAILED", "MEDS_INVALID_ARGUMENT"]);
      expect(error.message).toMatch(/labels\.mjs failed at subject 0: /);
    }
    const odd = await rejected(db.label(module, { exportName: "odd" }));
    expect(odd.code).toBe("MEDS_INVALID_ARGUMENT");
    expect(odd.message).toMatch(/labels\.mjs did not return labels: booleanValue of label 0/);
    expect((await rejected(db.label("./labels.mjs"))).code).toBe("MEDS_INVALID_ARGUMENT");
  });
});

const femr = real("small-meds", "femr_synthetic");

describe.skipIf(femr === null)("the labeler of FEMR's tutorial", () => {
  it("makes the labels that FEMR wrote", async () => {
    const store = join(folder("femr"), "femr.medsdb");
    await convert(join(femr!, "subjects.parquet"), store);
    const own = PatientDatabase.open(store);
    const found = await own.label(module, { threads: 2 });
    const theirs = await Labels.open(join(femr!, "labels.parquet"));
    expect(theirs.size).toBe(200);
    expect([...found]).toEqual([...theirs]);
    own.close();
  });
});

describe("labels drawn by a seed", () => {
  const labeler = predictionTimes("events");
  const keyOf = ({ subjectId, predictionTime }: LabelRow) => `${subjectId} ${predictionTime}`;

  /** Drawn by the definition: the least hashes of seed, subject and time as three int64, in order of time. */
  function drawn(all: readonly LabelRow[], count: number, seed: bigint): string[] {
    const hash = ({ subjectId, predictionTime }: LabelRow) => {
      const bytes = Buffer.alloc(24);
      for (const [i, word] of [seed, subjectId, predictionTime].entries()) bytes.writeBigInt64BE(word, 8 * i);
      return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    };
    return all
      .filter((label) => all.filter((other) => other.subjectId === label.subjectId && hash(other) < hash(label)).length < count)
      .map(keyOf);
  }

  it("are at most n per patient; the choice does not depend on other patients or on the number of threads", async () => {
    const all = [...(await db.label(labeler))];
    for (const [count, seed] of [
      [1, 0],
      [3, -7],
    ] as const) {
      const options = { sample: { count, seed } };
      const some = [...(await db.label(labeler, { ...options, threads: 1 }))].map(keyOf);
      expect(some).toEqual(drawn(all, count, BigInt(seed)));
      expect([...(await db.label(labeler, { ...options, threads: 3 }))].map(keyOf)).toEqual(some);
      const half = db.subset({ slots: db.slots.filter((slot) => slot % 2 === 0) });
      const members = new Set(half.subjectIds);
      expect([...(await half.label(labeler, options))].map(keyOf)).toEqual(some.filter((key) => members.has(BigInt(key.split(" ")[0]!))));
    }
  });

  it("are others with another seed, and spread over the record", async () => {
    const pick = async (seed: number) => [...(await db.label(labeler, { sample: { count: 1, seed } }))];
    const [one, two] = [await pick(1), await pick(2)];
    expect(one.map(keyOf)).not.toEqual(two.map(keyOf));
    // A patient's first time is drawn about as often as any other.
    const firsts = new Map([...(await db.label(labeler))].reverse().map((label) => [label.subjectId, label.predictionTime]));
    const early = one.filter(({ subjectId, predictionTime }) => firsts.get(subjectId) === predictionTime).length;
    expect(early / one.length).toBeGreaterThan(0.03);
    expect(early / one.length).toBeLessThan(0.35);
  });

  it("are drawn among those that are not censored, on request, and what was left out is counted", async () => {
    const outcome = outcomeWithin({ outcome: { prefix: "OUT//" }, horizon: { hours: 20 } });
    const all = await db.label(outcome);
    const known = [...all].filter(({ isCensored }) => isCensored === false);
    let left = 0;
    const some = await db.label(outcome, {
      sample: { count: 2, seed: 5, uncensored: true },
      onReport: ({ skipped }) => {
        left = skipped.get("unsampled")!;
      },
    });
    expect([...some].map(keyOf)).toEqual(drawn(known, 2, 5n));
    expect(left).toBe(all.size - some.size);
  });
});
