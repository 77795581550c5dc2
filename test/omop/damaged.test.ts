// OMOP tables that are damaged or hold what they must not: an error that names the file, and nothing left behind.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { convert, type MedsError } from "meds-reader";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { clinic, type Tables, writeCsv, writeParquet } from "../support/omop.js";
import { refused } from "../support/refused.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const drugs = clinic.drug_exposure!;
/** A table of many rows, which compresses to more than one block. */
const many =
  drugs +
  Array.from({ length: 50_000 }, (_, i) => `${i},1,1503297,2020-01-02,2020-01-02 00:00:00,,,32020,${Math.sin(i)},100,m,0\n`).join("");

/** The error of converting the clinic with one table changed. */
async function error(table: string, text: string | Buffer, form: "csv" | "csv.gz" | "parquet" = "csv"): Promise<MedsError> {
  const { [table]: _, ...others } = clinic;
  const root = writeCsv(folder("damaged"), others);
  const path = join(root, `${table}.${form}`);
  writeFileSync(path, text);
  const found = await refused(root);
  expect(found.path).toBe(path);
  expect(found.message).toContain(path);
  return found;
}

const changed = (table: string, from: string | RegExp, to: string) => {
  const text = clinic[table]!.replace(from, to);
  expect(text).not.toBe(clinic[table]);
  return text;
};

describe("a damaged file is named", () => {
  const gz = gzipSync(many);
  const flipped = Buffer.from(gz);
  flipped[gz.length - 6]! ^= 1;
  const files: [string, string | Buffer, "csv" | "csv.gz" | "parquet"][] = [
    ["gzip cut in the middle", gz.subarray(0, gz.length >> 1), "csv.gz"],
    ["gzip cut by one byte", gz.subarray(0, -1), "csv.gz"],
    ["gzip with a wrong checksum", flipped, "csv.gz"],
    ["text named .gz", many, "csv.gz"],
    ["nothing named .gz", "", "csv.gz"],
    ["gzip of nothing", gzipSync(""), "csv.gz"],
    ["an empty CSV", "", "csv"],
    ["a row with a column too few", `${drugs}2,1,1503297\n`, "csv"],
    ["a row with a column too many", drugs.replace(/,0\n$/, ",0,7\n"), "csv"],
    ["a row cut off", many.slice(0, -14), "csv"],
    ["a quote that is not closed", `${drugs}2,1,1503297,2020-01-02,2020-01-02 00:00:00,,,32020,7,100,"metformin,0\n`, "csv"],
    [
      "bytes that are no UTF-8",
      Buffer.concat([Buffer.from(drugs.slice(0, -12)), Buffer.from([0xff, 0xfe]), Buffer.from(drugs.slice(-12))]),
      "csv",
    ],
    [
      "the same in gzip",
      gzipSync(Buffer.concat([Buffer.from(drugs.slice(0, -12)), Buffer.from([0xff]), Buffer.from(drugs.slice(-12))])),
      "csv.gz",
    ],
    ["text named .parquet", drugs, "parquet"],
    ["nothing named .parquet", "", "parquet"],
  ];
  it.each(files)("%s", async (_, bytes, form) => {
    const found = await error("drug_exposure", bytes, form);
    expect(found.code).toBe("MEDS_SOURCE_DAMAGED");
    // Patients' data have no place in a message.
    expect(found.message).not.toContain("metformin");
  });

  it("also Parquet that is cut, and tables of concepts", async () => {
    const root = await writeParquet(folder("damaged"));
    for (const table of ["drug_exposure", "concept", "concept_ancestor", "observation_period", "cdm_source"]) {
      const path = join(root, `${table}.parquet`);
      const whole = readFileSync(path);
      writeFileSync(path, whole.subarray(0, whole.length - 9));
      expect(await refused(root)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
      writeFileSync(path, whole);
    }
    expect((await error("concept", "concept_id,concept_name\n1\n")).code).toMatch(/MEDS_(MISSING_COLUMN|SOURCE_DAMAGED)/);
  });
});

describe("a wrong value is named with its column", () => {
  const cases: [string, string, string | RegExp, string, MedsError["code"], string][] = [
    ["a person that is no number", "death", "2,2022", "two,2022", "MEDS_COLUMN_TYPE", "person_id"],
    ["a person with a fraction", "death", "2,2022", "2.5,2022", "MEDS_COLUMN_TYPE", "person_id"],
    ["a person beyond 64 bits", "death", "2,2022", "9223372036854775808,2022", "MEDS_COLUMN_TYPE", "person_id"],
    ["no person", "death", "2,2022", ",2022", "MEDS_NULL_VALUE", "person_id"],
    ["a concept that is no number", "drug_exposure", "1503297", "metformin", "MEDS_COLUMN_TYPE", "drug_concept_id"],
    ["a day that is none", "death", "2022-11-11", "2022-13-11", "MEDS_COLUMN_TYPE", "death_date"],
    [
      "a time of another zone",
      "drug_exposure",
      "2020-01-02 00:00:00",
      "2020-01-02 00:00:00+02:00",
      "MEDS_COLUMN_TYPE",
      "drug_exposure_start_datetime",
    ],
    ["infinity as a time", "death", "2022-11-11", "infinity", "MEDS_COLUMN_TYPE", "death_date"],
    ["a birth that is no date", "person", "1955,3,", "1955,2,30", "MEDS_COLUMN_TYPE", "day_of_birth"],
    ["a visit that is no number", "note", ",100,progress", ",v100,progress", "MEDS_COLUMN_TYPE", "visit_occurrence_id"],
    ["a relation between texts", "concept_relationship", "2000000002,3004501", "A,B", "MEDS_COLUMN_TYPE", "concept_id_1"],
    ["no column of the person", "death", "person_id", "patient", "MEDS_MISSING_COLUMN", "person_id"],
    ["no column of the concept", "drug_exposure", "drug_concept_id", "concept", "MEDS_MISSING_COLUMN", "drug_concept_id"],
    ["no column of the time", "death", "death_date,death_datetime", "a,b", "MEDS_MISSING_COLUMN", "death_date"],
    [
      "no year of birth",
      "person",
      "year_of_birth,month_of_birth,day_of_birth,birth_datetime",
      "a,b,c,d",
      "MEDS_MISSING_COLUMN",
      "year_of_birth",
    ],
    ["no code of the concepts", "concept", "concept_code", "code", "MEDS_MISSING_COLUMN", "concept_code"],
    ["a column twice", "death", "death_type_concept_id", "PERSON_ID", "MEDS_SCHEMA_CONFLICT", "person_id"],
  ];
  it.each(cases)("%s", async (_, table, from, to, code, column) => {
    const found = await error(table, changed(table, from, to));
    expect(found.code).toBe(code);
    expect(found.message).toContain(column);
  });

  it("a number as a time, in Parquet", async () => {
    const tables: Tables = {
      ...clinic,
      death: clinic.death!.replace("death_date,death_datetime", "visit_id,note_id").replace("2022-11-11", "20221111"),
    };
    const root = await writeParquet(folder("damaged"), tables, (table) => `${table}.parquet`);
    expect(await refused(root)).toMatchObject({ code: "MEDS_MISSING_COLUMN", path: join(root, "death.parquet") });
  });
});

it("says what to install where DuckDB is missing", () => {
  const place = folder("bare");
  for (const name of ["dist", "native", "package.json"]) cpSync(join(root, name), join(place, name), { recursive: true });
  mkdirSync(join(place, "node_modules"));
  const paths = [writeCsv(folder("omop")), join(place, "s.medsdb")].map((path) => JSON.stringify(path)).join(", ");
  const script = `import { convert } from ${JSON.stringify(join(place, "dist", "index.js"))};
    await convert(${paths}).catch((error) => console.log(error.code, error.message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: place, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^MEDS_MISSING_PACKAGE .*npm install @duckdb\/node-api/);
  expect(readdirSync(place).sort()).toEqual(["dist", "native", "node_modules", "package.json"]);
});

describe("any bytes", () => {
  it("cut or flipped anywhere are an error or a whole store, never a crash, never a part of one", async () => {
    const forms: [string, string, (text: string) => Buffer][] = [
      ["measurement", "csv", (text) => Buffer.from(text)],
      ["measurement", "csv.gz", (text) => gzipSync(text)],
      ["concept", "csv.gz", (text) => gzipSync(text)],
    ];
    const parquet = await writeParquet(folder("p"), { measurement: clinic.measurement! });
    const outcomes = new Map<string, number>();
    for (const [table, form, write] of [
      ...forms,
      ["measurement", "parquet", () => readFileSync(join(parquet, "measurement.parquet"))] as const,
    ]) {
      const { [table]: text, ...others } = clinic;
      const root = writeCsv(folder("fuzz"), others);
      const whole = write(text!);
      for (let round = 0; round < 12; round += 1) {
        const at = Math.floor(((round + 0.5) / 12) * whole.length);
        const bytes = Buffer.from(round % 2 === 0 ? whole.subarray(0, at) : whole);
        if (round % 2 === 1) bytes[at]! ^= 1 << (round % 8);
        writeFileSync(join(root, `${table}.${form}`), bytes);
        const target = folder("fuzz-target");
        const outcome = await convert(root, join(target, "s.medsdb")).then(
          ({ events }) => (events > 0 ? "converted" : "empty"),
          (thrown: MedsError) => thrown.code ?? thrown.message,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    for (const outcome of outcomes.keys())
      expect(outcome).toMatch(/^(converted|MEDS_(SOURCE_DAMAGED|COLUMN_TYPE|MISSING_COLUMN|NULL_VALUE|SCHEMA_CONFLICT|TIME_RANGE))$/);
    expect(outcomes.get("MEDS_SOURCE_DAMAGED")).toBeGreaterThan(10);
  }, 120_000);
});
