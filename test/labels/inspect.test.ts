// INSPECT's tables as released: labels by study, and the studies beside them.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { Labels } from "meds-reader";
import { describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";

const HEADER = [
  ...["impression_id", "pe_positive_nlp", "pe_acute", "1_month_mortality", "12_month_PH"],
  ...["tte_mortality", "is_censored_mortality", "tte_PH", "is_censored_PH", "comment"],
];
const LABELS = [
  ["1", "True", "1", "FALSE", "Censored", "1440.0", "False", "", "", "a"],
  ["2", "False", "0", "TRUE", "Unknown", "60.5", "True", "", "", "b"],
  ["3", "False", "0", "", "True", "", "", "7", "False", "c"],
  ["4", "False", "0", "Censored", "False", "9", "False", "7", "True", "d"],
  ["5", "True", "0", "True", "False", "9", "False", "7", "True", "e"],
];
const STUDIES = [
  ["impression_id", "image_id", "person_id", "note_id", "procedure_DATETIME", "note_DATETIME"],
  ["2", "PE2", "128", "n", "2014-05-13T10:20:00", "2014-05-14T00:00:00"],
  ["1", "PE1", "128", "n", "", "2014-06-13T10:20:00"],
  ["1", "PE9", "128", "n", "", "2014-06-13T10:20:00"],
  ["3", "PE3", "129", "n", "2015-01-01T00:00:00", ""],
  ["4", "PE4", "130", "n", "", ""],
];
const tsv = (rows: readonly (readonly string[])[]) => `${rows.map((row) => row.join("\t")).join("\n")}\n`;
const changed = (row: readonly string[], column: number, text: string) => row.map((old, i) => (i === column ? text : old));
const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n;
const DAY = 86_400_000_000n;

/** The path of a table of labels beside its studies. */
function release(labels: readonly (readonly string[])[] = [HEADER, ...LABELS], studies: readonly (readonly string[])[] | null = STUDIES) {
  const path = place(folder("inspect"), "full", "labels_20250611.tsv");
  writeFileSync(path, tsv(labels));
  if (studies !== null) writeFileSync(join(dirname(path), "study_mapping_20250611.tsv"), tsv(studies));
  return path;
}

describe("INSPECT's labels_20250611.tsv", () => {
  it("has a task a column, for the patients and times of study_mapping_20250611.tsv", async () => {
    const labels = await Labels.open(release(), { column: "1_month_mortality" });
    expect([labels.task, [...labels.subjectIds]]).toEqual(["1_month_mortality", [128n, 128n, 129n]]);
    expect([...labels.predictionTimes]).toEqual(["2014-06-13T10:20:00Z", "2014-05-13T10:20:00Z", "2015-01-01T00:00:00Z"].map(micros));
    expect([...labels].map((row) => row.booleanValue)).toEqual([false, true, null]);
    expect(labels.leftOut).toEqual({ withoutStudy: 1, withoutTime: 1 });
  });

  it("has ids of studies as pandas writes them in a column with missing values", async () => {
    const floats = LABELS.map(([id, ...rest]) => [`${id}.0`, ...rest]);
    const labels = await Labels.open(release([HEADER, ...floats]), { column: "1_month_mortality" });
    expect([labels.size, labels.leftOut]).toEqual([3, { withoutStudy: 1, withoutTime: 1 }]);
  });

  it("lists its tasks, which open by their names", async () => {
    const root = dirname(release());
    const tasks = await Labels.tasks(root);
    const names = ["12_month_PH", "1_month_mortality", "pe_acute", "pe_positive_nlp", "tte_PH", "tte_mortality"];
    expect(tasks).toEqual(names.map((name) => `labels_20250611.tsv/${name}`));
    for (const [i, task] of tasks.entries()) expect((await Labels.open(join(root, task))).task).toBe(names[i]);
  });

  it("says what is censored, and has no value where it is unknown", async () => {
    const ph = await Labels.open(release(), { column: "12_month_PH" });
    expect([...ph].map((row) => [row.booleanValue, row.isCensored])).toEqual([
      [null, true],
      [null, null],
      [true, false],
    ]);
  });

  it("predicts what the study finds a day before it", async () => {
    const path = release();
    const [pe, death] = [await Labels.open(path, { column: "pe_acute" }), await Labels.open(path, { column: "1_month_mortality" })];
    expect([...pe.predictionTimes]).toEqual([...death.predictionTimes].map((time) => time - DAY));
    expect([...pe].map((row) => row.booleanValue)).toEqual([true, false, false]);
  });

  it("has times to events in minutes, and which of them are censored", async () => {
    const labels = await Labels.open(release(), { column: "tte_mortality" });
    expect([...labels].map((row) => [row.floatValue, row.isCensored, row.booleanValue])).toEqual([
      [1440, false, null],
      [60.5, true, null],
      [null, null, null],
    ]);
  });

  it.each(["NaT", "nan", "NaN", "None", "<NA>", "NA", "null", " ", ""])("leaves out and counts studies whose time is %j", async (none) => {
    const [names, ...studies] = STUDIES.map((row, i) => (i === 0 ? row : row.map((cell, k) => (k >= 4 && cell === "" ? none : cell))));
    const labels = await Labels.open(release([HEADER, ...LABELS], [names!, ...studies]), { column: "1_month_mortality" });
    expect([labels.size, labels.leftOut]).toEqual([3, { withoutStudy: 1, withoutTime: 1 }]);
    // The time of the note, where that of the procedure is missing.
    expect(labels.predictionTimes[0]).toBe(micros("2014-06-13T10:20:00Z"));
    const cohort = place(folder("inspect"), "cohort.csv");
    writeFileSync(cohort, `PatientID,StudyTime,task\n1,2014-05-13,True\n2,${none},False\n`);
    const own = await Labels.open(cohort);
    expect([own.size, own.leftOut]).toEqual([1, { withoutStudy: 0, withoutTime: 1 }]);
  });

  it("keeps every outcome of any table, in its order", async () => {
    const outcome = fc.constantFrom("True", "FALSE", "1", "0.0", "Censored", "Unknown", "NaN", "");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(outcome, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 30 }), async (rows) => {
        const labels = rows.map(([text], i) => [String(i), text, "True"]);
        const studies = rows.flatMap(([, isThere, hasTime], i) => (isThere ? [[String(i), String(i), hasTime ? "2020-01-01" : ""]] : []));
        const path = release(
          [["impression_id", "task", "pe_acute"], ...labels],
          [["impression_id", "person_id", "procedure_DATETIME"], ...studies],
        );
        const found = await Labels.open(path, { column: "task" });
        const kept = rows.map(([text], i) => ({ text: text.toLowerCase(), i })).filter(({ i }) => rows[i]![1] && rows[i]![2]);
        expect([...found.subjectIds]).toEqual(kept.map(({ i }) => BigInt(i)));
        const truth: Record<string, boolean> = { true: true, "1": true, false: false, "0.0": false };
        expect([...found].map(({ booleanValue }) => booleanValue)).toEqual(kept.map(({ text }) => truth[text] ?? null));
        expect([...found].map(({ isCensored }) => isCensored === true)).toEqual(kept.map(({ text }) => text === "censored"));
        expect(found.leftOut.withoutStudy + found.leftOut.withoutTime).toBe(rows.length - kept.length);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses what it cannot read, and says where", async () => {
    const open = (labels: readonly (readonly string[])[], studies?: readonly (readonly string[])[] | null, column = "pe_acute") =>
      rejected(Labels.open(release(labels, studies), { column }));
    const all = [HEADER, ...LABELS];
    expect(await open(all, null)).toMatchObject({ code: "MEDS_NOT_FOUND", message: expect.stringMatching(/study_mapping_DATE\.tsv/) });
    expect(await open(all, undefined, "comment")).toMatchObject({
      code: "MEDS_COLUMN_TYPE",
      message: expect.stringMatching(/row 0, column "comment": "a" is not True, False, Censored or Unknown/),
    });
    expect(await open(all, undefined, "absent")).toMatchObject({
      code: "MEDS_MISSING_COLUMN",
      message: expect.stringMatching(/"pe_acute"/),
    });
    expect(await open([HEADER, changed(LABELS[0]!, 0, "")])).toMatchObject({ code: "MEDS_NULL_VALUE" });
    expect(await open([HEADER, changed(LABELS[0]!, 6, "")], undefined, "tte_mortality")).toMatchObject({
      code: "MEDS_COLUMN_TYPE",
      message: expect.stringMatching(/is_censored_mortality/),
    });
    expect(await open([changed(HEADER, 6, "other"), ...LABELS], undefined, "tte_mortality")).toMatchObject({ code: "MEDS_MISSING_COLUMN" });
    const [names, first, ...others] = STUDIES;
    expect(await open(all, [names!, changed(first!, 2, ""), ...others])).toMatchObject({ code: "MEDS_NULL_VALUE" });
    expect(await open(all, [names!, first!, changed(first!, 4, "2014-05-13T10:21:00")])).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT" });
    expect(await open(all, [["impression_id", "person_id"]])).toMatchObject({ code: "MEDS_MISSING_COLUMN" });
    const path = release();
    writeFileSync(join(dirname(path), "study_mapping_20260101.tsv"), tsv(STUDIES));
    expect(await rejected(Labels.open(path, { column: "pe_acute" }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});
