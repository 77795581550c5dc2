// Markdown of six small patients, read as a clinician would: the expected texts are files, written by hand.
import { readFileSync } from "node:fs";
import { demographics, generalEvents, latestValues, notes, PatientDatabase, type ToTextOptions, visitList, visits } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RecordRow, recordStore } from "../support/record.js";

const NAMES = {
  "Visit/IP": "Inpatient Visit",
  "Visit/OP": "Outpatient Visit",
  "Visit/ER": "Emergency Room Visit",
  "Gender/F": "FEMALE",
  "Gender/M": "MALE",
  "Race/5": "White",
  "Ethnicity/Hispanic": "Hispanic or Latino",
  "LOINC/8867-4": "Heart rate",
  "LOINC/8310-5": "Body temperature",
  "LOINC/2160-0": "Creatinine [Mass/volume] in Serum or Plasma",
  "LOINC/29463-7": "Body weight",
  "LOINC/5792-7": "Glucose in urine by test strip",
  "LOINC/4548-4": "Hemoglobin A1c",
  "ICD10CM/I63.5": "Cerebral infarction due to occlusion of cerebral arteries",
  "ICD10CM/E11.9": "Type 2 diabetes mellitus without complications",
  "ICD10CM/J20.9": "Acute bronchitis",
  "RxNorm/6809": "metformin",
  "RxNorm/8410": "alteplase",
  "RxNorm/161": "acetaminophen",
  "CPT4/70450": "CT of head without contrast",
  "CVX/20": "DTaP vaccine",
  "SNOMED/419620001": "Death",
  "NOTE/ED": "Emergency department note",
  "NOTE/DS": "Discharge summary",
};

const person = (birth: string, ...codes: string[]): RecordRow[] => [
  { time: birth, code: "MEDS_BIRTH", table: "person" },
  ...codes.map((code) => ({ time: birth, code, table: "person" })),
];

/** A stroke: an emergency visit whose end is after the prediction time. */
const stroke: RecordRow[] = [
  ...person("1966-07-19", "Gender/F", "Race/5", "Ethnicity/Hispanic"),
  { time: "2017-03-01", code: "ICD10CM/E11.9", table: "condition" },
  { time: "2018-01-10T09:00", code: "Visit/OP", table: "visit", visit: 1n, end: "2018-01-10T10:00" },
  { time: "2018-01-10T09:00", code: "RxNorm/6809", table: "drug_exposure", visit: 1n, end: "2018-04-10" },
  { time: "2018-01-10T09:05", code: "LOINC/4548-4", table: "measurement", value: 7.1, unit: "%", visit: 1n },
  { time: "2018-10-08T20:00", code: "Visit/ER", table: "visit", visit: 2n, end: "2018-10-11T12:00" },
  { time: "2018-10-08T20:00", code: "ICD10CM/I63.5", table: "condition", visit: 2n },
  { time: "2018-10-08T20:05", code: "LOINC/8867-4", table: "measurement", value: 85, unit: "bpm", visit: 2n },
  { time: "2018-10-08T20:05", code: "LOINC/8310-5", table: "measurement", value: 98.2, unit: "°F", visit: 2n },
  { time: "2018-10-08T20:10", code: "NOTE/ED", table: "note", text: "Right-sided weakness for two hours.\n\nNIHSS 8.\n", visit: 2n },
  { time: "2018-10-08T20:15", code: "CPT4/70450", table: "procedure", visit: 2n },
  { time: "2018-10-08T20:20", code: "RxNorm/8410", table: "drug_exposure", visit: 2n },
  { time: "2018-10-08T20:30", code: "LOINC/8867-4", table: "measurement", value: 101, unit: "bpm", visit: 2n },
  { time: "2018-10-11T12:00", code: "NOTE/DS", table: "note", text: "Discharged home.", visit: 2n },
];

/** A small child: no ranges of adults, an age in months. */
const child: RecordRow[] = [
  ...person("2020-02-10", "Gender/M"),
  { time: "2021-04-01T08:00", code: "Visit/OP", table: "visit", visit: 3n, end: "2021-04-01T08:30" },
  { time: "2021-04-01T08:00", code: "CVX/20", table: "drug_exposure", visit: 3n },
  { time: "2021-04-01T08:10", code: "LOINC/8867-4", table: "measurement", value: 128, unit: "/min", visit: 3n },
  { time: "2021-04-01T08:10", code: "LOINC/29463-7", table: "measurement", value: 9.8, unit: "kg", visit: 3n },
  { time: "2021-04-01T08:10", code: "ICD10CM/J20.9", table: "condition", visit: 3n },
];

/** Units: pounds and grams become kilograms, an unknown unit and an impossible value are left out. */
const units: RecordRow[] = [
  ...person("1950-01-31", "Gender/M"),
  { time: "2020-01-01T08:00", code: "LOINC/29463-7", table: "measurement", value: 180, unit: "[lb_av]" },
  { time: "2020-01-02T08:00", code: "LOINC/29463-7", table: "measurement", value: 81_500, unit: "g" },
  { time: "2020-01-03T08:00", code: "LOINC/29463-7", table: "measurement", value: 13, unit: "stone" },
  { time: "2020-01-04T08:00", code: "LOINC/2160-0", table: "measurement", value: 88.4, unit: "umol/L" },
  { time: "2020-01-05T08:00", code: "LOINC/2160-0", table: "measurement", value: 1.1, unit: "mg/dL" },
  { time: "2020-01-06T08:00", code: "LOINC/2160-0", table: "measurement", value: 9999, unit: "mg/dL" },
  { time: "2020-01-07T08:00", code: "LOINC/8310-5", table: "measurement", value: 39.25, unit: "Cel" },
];

/** Values in words, repeated events, and an event without a description. */
const words: RecordRow[] = [
  ...person("1980-05-05", "Gender/F"),
  { time: "2022-06-01T08:00", code: "Visit/IP", table: "visit", visit: 4n, end: "2022-06-04T09:00" },
  ...[1, 2, 3, 4].map((day) => ({
    time: `2022-06-0${day}T12:00`,
    code: "RxNorm/161",
    table: "drug_exposure",
    text: "PO 500 mg",
    visit: 4n,
  })),
  { time: "2022-06-02T07:00", code: "LOINC/5792-7", table: "measurement", text: "trace\nrepeat", visit: 4n },
  { time: "2022-06-02T09:00", code: "LOCAL/17", table: "observation", value: 0, visit: 4n },
  { time: "2022-06-02T10:00", code: "LOCAL/17", table: "observation", value: -0.5, visit: 4n },
  { time: "2022-06-05T00:00", code: "SNOMED/419620001", table: "death" },
].sort((a, b) => String(a.time).localeCompare(String(b.time)));

/** Nothing but static rows. */
const empty: RecordRow[] = [{ time: null, code: "Gender/F", table: "person" }];

/** Many visits: what a short budget keeps. */
const many: RecordRow[] = [
  ...person("1990-01-01", "Gender/M"),
  ...Array.from({ length: 12 }, (_, i): RecordRow[] => {
    const day = `2020-${String(i + 1).padStart(2, "0")}-15`;
    return [
      { time: `${day}T08:00`, code: "Visit/OP", table: "visit", visit: BigInt(100 + i), end: `${day}T09:00` },
      { time: `${day}T08:30`, code: "ICD10CM/J20.9", table: "condition", visit: BigInt(100 + i) },
    ];
  }).flat(),
];

let db: PatientDatabase;
beforeAll(async () => {
  const patients = new Map([stroke, child, units, words, empty, many].map((rows, i) => [BigInt(i + 1), rows] as const));
  db = PatientDatabase.open(await recordStore(patients, NAMES));
});
afterAll(() => db.close());

const all = [demographics(), latestValues({ dates: true }), visitList(), generalEvents(), visits(), notes()];
const CASES: readonly (readonly [name: string, id: number, options: ToTextOptions])[] = [
  ["stroke", 1, { at: "2018-10-09", sections: all }],
  ["child", 2, { at: "2021-05-20", times: "age" }],
  ["units", 3, { at: "2020-02-01", times: "relative" }],
  ["words", 4, { times: { shiftTo: "2000-01-01" }, at: "2022-06-05" }],
  ["empty", 5, {}],
  ["many", 6, { budget: 330, tokenizer: "approximate", at: "2021-01-01" }],
];

describe("Markdown", () => {
  it.each(CASES)("of the patient %s is as expected", (name, id, options) => {
    const { text } = db.get(id)!.toText(options);
    expect(text).toBe(readFileSync(new URL(`../fixtures/texts/${name}.md`, import.meta.url), "utf8"));
  });
});
