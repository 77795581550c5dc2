// Non-interference: what is fitted, and the batches made with it, are the same to the byte whatever stands in other subjects, and past the cut-offs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  type Batch,
  type Cohort,
  loader,
  MedsError,
  PatientDatabase,
  type Samples,
  samples,
  TimeToEvent,
  Vocabulary,
  type VocabularyOptions,
} from "meds-reader";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { runs } from "../support/property.js";
import { CODES, HOUR, labelsOf, ordered, type RandomRow, row, type Subject, study, T0, writeStudy } from "../support/study.js";

const OPTIONS: readonly VocabularyOptions[] = [
  { special: ["[CLS]"], values: "z-score", bins: 3, binTokens: true },
  { ancestors: true, minPatients: 2, values: "z-score", bins: 4 },
  { token: (code) => code.split("//")[0]!, top: 3, values: "z-score" },
];

/** How the sources are read: as they should be, or with a leak. */
interface Reading {
  readonly patients: (db: PatientDatabase) => Cohort;
  readonly labelled: (db: PatientDatabase, subjects: readonly Subject[], inclusive: boolean) => Samples;
}

const sound: Reading = {
  patients: (db) => db.split("train"),
  labelled: (db, subjects, inclusive) => samples(db, labelsOf(subjects), { maxLength: 6, inclusive, split: "train", strategy: "random" }),
};

/** Everybody, said to be of train. */
const onAll: Reading = {
  ...sound,
  patients: (db) => Object.assign(db.subset({ slots: db.slots }), { _split: "train" }),
};
/** Statistics of the subjects' whole timelines. */
const wholeSubject: Reading = {
  ...sound,
  labelled: (db, subjects, inclusive) => {
    const list = sound.labelled(db, subjects, inclusive);
    return Object.assign(list, { _cutoff: new BigInt64Array(list.size).fill(2n ** 63n - 1n) });
  },
};
/** Off by one at ties. */
const withTies: Reading = { ...sound, labelled: (db, subjects) => sound.labelled(db, subjects, true) };

/** The bytes of everything that is fitted, and of the batches that are made with it. */
async function bytes(subjects: readonly Subject[], reading: Reading, from: "patients" | "labelled", inclusive: boolean): Promise<string[]> {
  const { store } = await writeStudy(subjects);
  const db = PatientDatabase.open(store);
  const found: string[] = [];
  const file = async (thing: { write(path: string): Promise<void> }) => {
    const path = join(folder("fitted"), "fitted.json");
    await thing.write(path);
    found.push(readFileSync(path, "utf8"));
  };
  const list = sound.labelled(db, subjects, inclusive);
  for (const options of OPTIONS) {
    const source = from === "patients" ? reading.patients(db) : reading.labelled(db, subjects, inclusive);
    const vocabulary = await Vocabulary.fit(source, options);
    await file(vocabulary);
    for (const censoring of ["last_event", "death"] as const) {
      const tasks = await TimeToEvent.fit(source, { vocabulary, bins: 3, minFraction: 0, censoring }).catch((error: unknown) => {
        if (error instanceof MedsError && error.code === "MEDS_NO_DATA") return null;
        throw error;
      });
      if (tasks === null) found.push("no outcome");
      else await file(tasks);
    }
    const more = [...(options.bins ? (["value_bin"] as const) : []), ...(options.ancestors ? (["bag"] as const) : [])];
    const fields = ["code", "numeric_value", "numeric_value_mask", "time_delta_days", "age_days", ...more] as const;
    for (const batch of loader(list, { batchSize: 4, shuffle: true, seed: 3, vocabulary, fields })) found.push(bytesOf(batch));
  }
  db.close();
  return found;
}

function bytesOf(batch: Partial<Batch>): string {
  const plain = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
    if (typeof value !== "object" || value === null) return value;
    return Object.entries(value).map(([name, member]) => [name, plain(member)]);
  };
  return JSON.stringify(plain(batch));
}

/** Other subjects' rows are others, some are gone, some are new; of train subjects what stands past the last cut-off is another. */
function changed(
  subjects: readonly Subject[],
  others: readonly RandomRow[][],
  from: "patients" | "labelled",
  inclusive: boolean,
): Subject[] {
  const found: Subject[] = [];
  for (const [i, subject] of subjects.entries()) {
    const rows = others[i % others.length]!;
    if (subject.split !== "train") {
      if (rows.length > 0) found.push({ ...subject, rows: ordered([1], rows) });
      continue;
    }
    const cutoff = [...subject.labels].sort((a, b) => Number(a - b)).at(-1) ?? -(2n ** 63n);
    const isKnown = (time: bigint | null) => time === null || time < cutoff || (inclusive && time === cutoff);
    // Whether there is such a subject at all is no matter of a row: one without rows has no sample.
    if (from === "patients" || subject.rows.length === 0) found.push(subject);
    else {
      const kept = subject.rows.filter(([time]) => isKnown(time));
      const late = ordered([], rows).filter(([time]) => !isKnown(time));
      found.push({ ...subject, rows: [...kept, ...(kept.length + late.length > 0 ? late : ordered([], [[300, 0, null]]))] });
    }
  }
  for (const [i, rows] of others.entries()) {
    if (rows.length > 0)
      found.push({ id: BigInt(1000 + i), split: i % 2 === 0 ? "held_out" : "tuning", rows: ordered([2], rows), labels: [] });
  }
  return found;
}

/** Places at which two runs differ. */
const differing = (a: readonly string[], b: readonly string[]) =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).filter((i) => a[i] !== b[i]);

describe("what is fitted", () => {
  it("does not depend on held-out subjects, nor on rows past the cut-offs, nor on the subjects' order in files", async () => {
    const more = fc.array(fc.array(row, { maxLength: 15 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        study,
        more,
        fc.constantFrom("patients", "labelled"),
        fc.boolean(),
        fc.boolean(),
        async (all, others, from, inclusive, turned) => {
          const kind = from as "patients" | "labelled";
          // The first subject has a row that is known.
          const subjects = all.map((subject, i) => (i === 0 ? { ...subject, labels: [...subject.labels, T0 + 200n * HOUR] } : subject));
          const before = await bytes(subjects, sound, kind, inclusive);
          const other = changed(subjects, others, kind, inclusive);
          // Labels are turned with the subjects, and batches follow the labels: of those only files are compared.
          const isTurned = turned && kind === "patients";
          const after = await bytes(isTurned ? other.reverse() : other, sound, kind, inclusive);
          const compared = (found: readonly string[]) => (isTurned ? found.filter((text) => !text.startsWith("[")) : found);
          expect(differing(compared(before), compared(after))).toEqual([]);
        },
      ),
      { numRuns: runs, endOnFailure: true },
    );
  });

  const rowsOf = (...rows: readonly (readonly [hour: number, code: string, value: number | null])[]): Subject["rows"] =>
    rows.map(([hour, code, value]) => [T0 + BigInt(hour) * HOUR, code, value] as const);
  const subjects: Subject[] = [
    {
      id: 1n,
      split: "train",
      labels: [T0 + 5n * HOUR],
      rows: rowsOf([0, "A", 1], [1, "LAB//x", 2], [2, "A//B", null], [3, "LAB//x", 3], [9, "Z", 1]),
    },
    { id: 2n, split: "train", labels: [T0 + 5n * HOUR], rows: rowsOf([0, "LAB//x", 5], [2, "DX//1", null], [3, "A", null]) },
    { id: 3n, split: "held_out", labels: [], rows: rowsOf([0, "LAB//x", 7], [1, "A", 3]) },
  ];
  const replaced = (i: number, rows: Subject["rows"]) => subjects.map((subject, k) => (k === i ? { ...subject, rows } : subject));
  const heldOut = replaced(2, rowsOf([0, "LAB//x", 70], [1, "MID", 3], [2, "DX//2", null]));
  const late = replaced(0, [...subjects[0]!.rows.slice(0, 4), ...rowsOf([6, "LAB//x", 900], [7, "A//B", null])]);
  const tie = replaced(0, [...subjects[0]!.rows.slice(0, 4), ...rowsOf([5, "LAB//x", 900], [7, "A//B", null])]);

  it.each([
    ["a vocabulary fitted on all", onAll, "patients" as const, heldOut, true],
    ["a normaliser that sees the whole subject", wholeSubject, "labelled" as const, late, true],
    ["rows at the very time of an exclusive cut-off", withTies, "labelled" as const, tie, false],
  ])("would: the same check finds %s", async (_, broken, from, other, inclusive) => {
    expect(differing(await bytes(subjects, sound, from, inclusive), await bytes(other, sound, from, inclusive))).toEqual([]);
    const found = differing(await bytes(subjects, broken, from, inclusive), await bytes(other, broken, from, inclusive));
    // Each of the vocabularies, tasks and batches.
    expect(found.length).toBeGreaterThan(OPTIONS.length);
  });

  it("has no ids of a store in it", async () => {
    const { store } = await writeStudy(subjects);
    const { store: larger } = await writeStudy([
      ...subjects,
      { id: 9n, split: "tuning", labels: [], rows: rowsOf(...CODES.map((code, i) => [i, code, null] as const)) },
    ]);
    const [a, b] = [PatientDatabase.open(store), PatientDatabase.open(larger)];
    const vocabulary = await Vocabulary.fit(a.split("train"));
    expect(a.codes.id("LAB//x")).not.toBe(b.codes.id("LAB//x"));
    for (const db of [a, b]) expect(vocabulary.table(db)[db.codes.id("LAB//x")!]).toBe(vocabulary.idOf("LAB//x"));
    expect(vocabulary.table(b)[b.codes.id("MID")!]).toBe(1);
    a.close();
    b.close();
  });
});
