// EHRSHOT's and INSPECT's tables, in the shapes in which they are published.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Labels, Splits } from "meds-reader";
import { describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { duckFile, plain, rows } from "../support/labels.js";
import { runs } from "../support/property.js";

function csv(text: string, ...name: string[]): string {
  const path = place(folder("csv"), ...(name.length > 0 ? name : ["labeled_patients.csv"]));
  writeFileSync(path, text);
  return path;
}

const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n;
const HEADER = "patient_id,prediction_time,label_type,value\n";

describe("a table that is not UTF-8", () => {
  it("is refused, and UTF-16 with its mark is read", async () => {
    const text = `${HEADER.trimEnd()},note\n7,2015-08-23T23:59:00,boolean,True,naïve\n`;
    const path = csv(text);
    writeFileSync(path, Buffer.from(text, "latin1"));
    expect(await rejected(Labels.open(path))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    writeFileSync(path, Buffer.from(`\ufeff${text}`, "utf16le"));
    expect((await Labels.open(path)).at(0)?.booleanValue).toBe(true);
  });
});

describe("EHRSHOT's labeled_patients.csv", () => {
  it("of truth values, as Python writes them", async () => {
    const path = csv(
      `${HEADER}115967096,2015-08-23T23:59:00,boolean,True\r\n115967096,2016-01-01T23:59:00,boolean,False\r\n7,1969-12-31T23:59:59,boolean,true\r\n`,
      "guo_los",
      "labeled_patients.csv",
    );
    const labels = await Labels.open(path);
    expect(labels.task).toBe("guo_los");
    expect(plain(labels)).toEqual(
      rows(
        { subjectId: 115967096n, predictionTime: micros("2015-08-23T23:59:00Z"), booleanValue: true },
        { subjectId: 115967096n, predictionTime: micros("2016-01-01T23:59:00Z"), booleanValue: false },
        { subjectId: 7n, predictionTime: -1_000_000n, booleanValue: true },
      ),
    );
    // The folder of the task, as EHRSHOT lays it out.
    const folderOf = await Labels.open(join(path, ".."));
    expect([folderOf.task, plain(folderOf)]).toEqual(["guo_los", plain(labels)]);
  });

  it("of classes, which are whole numbers", async () => {
    const labels = await Labels.open(
      csv(`${HEADER}1,2015-08-23T23:59:00,categorical,0\n2,2015-08-23T23:59:00,categorical,3\n3,2015-08-23T23:59:00,categorical,8192\n`),
    );
    expect(labels.columns).toEqual(["integer_value"]);
    expect([...labels].map((row) => row.integerValue)).toEqual([0n, 3n, 8192n]);
  });

  it("of numbers and of survival", async () => {
    const numerical = await Labels.open(csv(`${HEADER}1,2015-08-23T23:59:00,numerical,1.25\n2,2015-08-23T23:59:00,numeric,-3e2\n`));
    expect([numerical.columns, [...numerical].map((row) => row.floatValue)]).toEqual([["float_value"], [1.25, -300]]);
    const path = csv(
      "patient_id,prediction_time,label_type,value,is_censored\n1,2015-08-23 23:59:00,survival,1440.0,True\n2,2015-08-23 23:59:00,survival,90.5,False\n",
    );
    const predictionTime = micros("2015-08-23T23:59:00Z");
    expect(plain(await Labels.open(path))).toEqual(
      rows(
        { subjectId: 1n, predictionTime, floatValue: 1440, isCensored: true },
        { subjectId: 2n, predictionTime, floatValue: 90.5, isCensored: false },
      ),
    );
  });

  it("with a byte order mark, blank lines, quotes and columns in another order", async () => {
    const path = csv('\ufeffvalue,label_type,"prediction_time",patient_id\n\n"True","boolean","2015-08-23T23:59:00",5\n\n');
    expect([...(await Labels.open(path))].map(({ subjectId, booleanValue }) => [subjectId, booleanValue])).toEqual([[5n, true]]);
  });

  it("refuses rows of other lengths than the header, and a column that is there twice", async () => {
    const good = `${HEADER}1,2015-08-23T23:59:00,boolean,True\n`;
    for (const bad of ["2,2015-08-23T23:59:00,boolean,True,", "2,2015-08-23T23:59:00,boolean", "2", "2,2015-08-23T23:59:00,boo,lean,,"])
      for (const end of ["", "\n"]) {
        const path = csv(`${good}${bad}${end}`);
        expect(await rejected(Labels.open(path))).toMatchObject({
          code: "MEDS_SOURCE_DAMAGED",
          path,
          message: expect.stringContaining("line 3"),
        });
      }
    const twice = csv(`${HEADER.trim()},value\n1,2015-08-23T23:59:00,boolean,True,False\n`);
    expect(await rejected(Labels.open(twice))).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", path: twice });
    const splits = csv("subject_id,split\n1,train\n2,held_out,\n", "splits.csv");
    expect(await rejected(Splits.open(splits))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path: splits });
  });

  it("without a row is a table without labels", async () => {
    expect((await Labels.open(csv(HEADER))).size).toBe(0);
  });

  it("yields to the Parquet files of its folder", async () => {
    const path = csv(`${HEADER}1,2015-08-23T23:59:00,boolean,True\n`);
    await duckFile(join(path, "..", "labels.parquet"), "SELECT 2::BIGINT subject_id, make_timestamp(1) prediction_time");
    expect([...(await Labels.open(join(path, ".."))).subjectIds]).toEqual([2n]);
  });

  it.each<[string, string, string, RegExp]>([
    ["another header", "a,b\n1,2\n", "MEDS_MISSING_COLUMN", /"a", "b"/],
    ["nothing at all", "", "MEDS_MISSING_COLUMN", /none/],
    ["a short row", `${HEADER}1,2015-08-23T23:59:00,boolean\n`, "MEDS_SOURCE_DAMAGED", /line 2/],
    ["an open quote", `${HEADER}1,"2015-08-23T23:59:00,boolean,True\n`, "MEDS_SOURCE_DAMAGED", /[Qq]uote/],
    [
      "a subject that is none",
      `${HEADER}1,2015-08-23,boolean,True\nx1,2015-08-23,boolean,True\n`,
      "MEDS_COLUMN_TYPE",
      /row 1, column "patient_id": "x1"/,
    ],
    ["a subject beyond int64", `${HEADER}9223372036854775808,2015-08-23,boolean,True\n`, "MEDS_VALUE_RANGE", /row 0, column "patient_id"/],
    ["no subject", `${HEADER},2015-08-23,boolean,True\n`, "MEDS_NULL_VALUE", /row 0 has no patient_id/],
    ["NaT as its time", `${HEADER}1,NaT,boolean,True\n`, "MEDS_NULL_VALUE", /row 0 has no prediction_time/],
    ["no time", `${HEADER}1,,boolean,True\n`, "MEDS_NULL_VALUE", /row 0 has no prediction_time/],
    [
      "a day that is none",
      `${HEADER}1,2015-02-30T00:00:00,boolean,True\n`,
      "MEDS_COLUMN_TYPE",
      /row 0, column "prediction_time": "2015-02-30T00:00:00"/,
    ],
    ["another way to write times", `${HEADER}1,23.08.2015,boolean,True\n`, "MEDS_COLUMN_TYPE", /prediction_time/],
    ["an unknown type", `${HEADER}1,2015-08-23,bool,True\n`, "MEDS_COLUMN_TYPE", /column "label_type": "bool"/],
    ["a truth value that is none", `${HEADER}1,2015-08-23,boolean,1\n`, "MEDS_COLUMN_TYPE", /column "value": "1" is not True or False/],
    ["a class that is none", `${HEADER}1,2015-08-23,categorical,1.5\n`, "MEDS_COLUMN_TYPE", /whole number/],
    ["a number that is none", `${HEADER}1,2015-08-23,numerical,0x10\n`, "MEDS_COLUMN_TYPE", /column "value"/],
    ["survival without is_censored", `${HEADER}1,2015-08-23,survival,5\n`, "MEDS_MISSING_COLUMN", /is_censored/],
  ])("with %s is refused", async (_, text, code, message) => {
    const path = csv(text);
    const error = await rejected(Labels.open(path));
    expect(error).toMatchObject({ code, path, message: expect.stringMatching(message) });
    expect(error.message).toContain(path);
  });
});

describe("a time in CSV", () => {
  const open = async (time: string) => (await Labels.open(csv(`${HEADER}1,"${time}",boolean,True\n`))).predictionTimes[0];

  it("is exact, and UTC where it names no zone", async () => {
    expect(await open("2015-08-23")).toBe(micros("2015-08-23T00:00:00Z"));
    expect(await open("2015-08-23 04:05")).toBe(micros("2015-08-23T04:05:00Z"));
    expect(await open("2015-08-23T04:05:06.000007")).toBe(micros("2015-08-23T04:05:06Z") + 7n);
    expect(await open("1969-12-31T23:59:59.9999999")).toBe(-1n);
    expect(await open("2015-08-23T04:05:06+02:30")).toBe(micros("2015-08-23T04:05:06+02:30"));
    expect(await open("2015-08-23 04:05:06-0800")).toBe(micros("2015-08-23T04:05:06-08:00"));
    expect(await open("2015-08-23T04:05:06Z")).toBe(micros("2015-08-23T04:05:06Z"));
    expect(await open("0001-01-01T00:00:00")).toBe(micros("0001-01-01T00:00:00Z"));
    expect(await open("2016-02-29T00:00:00")).toBe(micros("2016-02-29T00:00:00Z"));
  });

  it("is read back as Date writes it, at any time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }), async (date) => {
        expect(await open(date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
      }),
      { numRuns: runs },
    );
  });

  it.each([
    "2015-13-01",
    "2015-02-29",
    "2015-08-23T24:00:00",
    "2015-08-23T12:60:00",
    "2015-08-23T1:00",
    "15-08-23",
    "2015-08-23T00:00:00 CET",
    "5",
  ])("%s is none", async (time) => {
    expect(await rejected(Labels.open(csv(`${HEADER}1,${time},boolean,True\n`)))).toMatchObject({ code: "MEDS_COLUMN_TYPE" });
  });
});

describe("INSPECT's cohort", () => {
  const TABLE = [
    "PatientID,StudyTime,split,pe_positive_nlp,12_month_mortality,12_month_PH,note",
    "128,2014-05-13T10:20:00,train,True,False,Censored,a",
    "128,2014-06-13T10:20:00,train,False,True,False,b",
    "129,2015-01-01T00:00:00,test,False,Censored,True,c",
    "130,2015-01-01T00:00:00,valid,False,,,d",
  ].join("\n");
  const times = ["2014-05-13T10:20:00Z", "2014-06-13T10:20:00Z", "2015-01-01T00:00:00Z", "2015-01-01T00:00:00Z"].map(micros);
  const subjectIds = [128n, 128n, 129n, 130n];
  const DAY = 86_400_000_000n;

  it("has a task a column, at the time of the study", async () => {
    const labels = await Labels.open(csv(TABLE, "cohort.csv"), { column: "12_month_mortality" });
    expect([labels.task, [...labels.subjectIds], [...labels.predictionTimes]]).toEqual(["12_month_mortality", subjectIds, times]);
    expect([...labels].map((row) => row.booleanValue)).toEqual([false, true, null, null]);
  });

  it("says which labels are censored, and never calls them false", async () => {
    const path = csv(TABLE, "cohort.csv");
    const ph = await Labels.open(path, { column: "12_month_PH" });
    expect([...ph].map((row) => [row.booleanValue, row.isCensored])).toEqual([
      [null, true],
      [false, false],
      [true, false],
      [null, null],
    ]);
    expect((await Labels.open(path, { column: "pe_positive_nlp" })).columns).toEqual(["boolean_value"]);
  });

  it("predicts pulmonary embolism a day before the study, or when the caller says", async () => {
    const path = csv(TABLE, "cohort.csv");
    const open = async (column: string, shift?: object) => [...(await Labels.open(path, { column, ...shift })).predictionTimes];
    expect(await open("pe_positive_nlp")).toEqual(times.map((time) => time - DAY));
    expect(await open("pe_positive_nlp", { shift: 0 })).toEqual(times);
    expect(await open("pe_positive_nlp", { shift: { hours: 36 } })).toEqual(times.map((time) => time - (3n * DAY) / 2n));
    expect(await open("12_month_PH", { shift: 5n })).toEqual(times.map((time) => time - 5n));
  });

  it("separated by tabs, and with the names of its master file", async () => {
    const tabs = TABLE.replaceAll(",", "\t").replace("PatientID\tStudyTime", "patient_id\tprocedure_time");
    const labels = await Labels.open(csv(tabs, "cohort.tsv"), { column: "12_month_mortality" });
    expect([[...labels.subjectIds], [...labels.predictionTimes]]).toEqual([subjectIds, times]);
  });

  it("with one task needs no choice", async () => {
    const labels = await Labels.open(csv("PatientID,StudyTime,PE\n1,2014-05-13,True\n", "cohort.csv"));
    expect([labels.task, [...labels.predictionTimes]]).toEqual(["PE", [micros("2014-05-12T00:00:00Z")]]);
  });

  it("refuses files that are not tasks", async () => {
    const path = csv(TABLE, "cohort.csv");
    const all = /"pe_positive_nlp", "12_month_mortality", "12_month_PH"/;
    expect(await rejected(Labels.open(path))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", message: expect.stringMatching(all) });
    expect(await rejected(Labels.open(path, { column: "mortality" }))).toMatchObject({
      code: "MEDS_MISSING_COLUMN",
      message: expect.stringMatching(all),
    });
    expect(await rejected(Labels.open(path, { column: "note" }))).toMatchObject({
      code: "MEDS_COLUMN_TYPE",
      message: expect.stringMatching(/row 0, column "note": "a"/),
    });
    expect(await rejected(Labels.open(path, { column: 5 as unknown as string }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(Labels.open(path, { column: "12_month_PH", shift: -1 }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(Labels.open(path, { column: "12_month_PH", shift: 2n ** 63n }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    const ehrshot = csv(`${HEADER}1,2015-08-23,boolean,True\n`);
    expect(await rejected(Labels.open(ehrshot, { column: "value" }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(await rejected(Labels.open(ehrshot, { shift: 0 }))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
  });
});
