// A damaged copy of codes.parquet in a store: the vocabulary with ancestors that is fitted on it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MedsError, PatientDatabase, Vocabulary } from "meds-reader";
import { expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { T0, writeStudy } from "../support/study.js";

it("is MEDS_METADATA or read, and never an error from inside or a loop", async () => {
  const rows = [
    [T0, "DX//1", null],
    [T0 + 5n, "A//B", 2.5],
  ] as const;
  const { store } = await writeStudy([{ id: 1n, split: "train", labels: [], rows }]);
  const path = join(store, "metadata", "codes.parquet");
  const sound = readFileSync(path);
  const db = PatientDatabase.open(store);
  const fit = async () => JSON.stringify(await Vocabulary.fit(db.split("train"), { ancestors: true }));
  const whole = await fit();
  let refused = 0;
  const attempt = async (bytes: Uint8Array): Promise<void> => {
    writeFileSync(path, bytes);
    try {
      await fit();
    } catch (error) {
      if (!(error instanceof MedsError)) throw error;
      expect([error.code, error.path]).toEqual(["MEDS_METADATA", path]);
      refused += 1;
    }
  };
  for (const length of [0, 1, 11, 12, 100, sound.length - 9, sound.length - 1]) {
    writeFileSync(path, sound.subarray(0, length));
    expect(await rejected(fit())).toMatchObject({
      code: "MEDS_METADATA",
      path,
      message: expect.stringContaining("convert the source again"),
    });
  }
  // The headers of its pages and its footer: sizes and counts of values that do not fit made a reader loop.
  for (let at = 0; at < sound.length; at += 1) {
    for (const mask of [0x80, 0x5a]) {
      const bytes = Uint8Array.from(sound);
      bytes[at] = bytes[at]! ^ mask;
      await attempt(bytes);
    }
  }
  expect(refused).toBeGreaterThan(100);
  writeFileSync(path, sound);
  expect(await fit()).toBe(whole);
  db.close();
});
