// OMOP tables that are damaged or hold what they must not: an error that names the file, and nothing left behind.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { convert, inspect, type MedsError } from "meds-reader";
import { describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { brief, clinic, type Tables, writeCsv, writeParquet } from "../support/omop.js";
import { full } from "../support/property.js";
import { refused } from "../support/refused.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const drugs = clinic.drug_exposure!;
/** A table of many rows, which compresses to more than one block. */
const many =
  drugs +
  Array.from({ length: 50_000 }, (_, i) => `${i},1,1503297,2020-01-02,2020-01-02 00:00:00,,,32020,${Math.sin(i)},100,m,0\n`).join("");

/** The error of converting some tables of the clinic, one of which is changed. */
async function error(table: string, text: string | Buffer, form: "csv" | "csv.gz" | "parquet" = "csv"): Promise<MedsError> {
  const { [table]: _, ...others } = brief;
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
    ["UTF-16", Buffer.from(`\ufeff${drugs}`, "utf16le"), "csv"],
    ["semicolons", drugs.replaceAll(",", ";"), "csv"],
    ["lines that end in two ways", drugs.replace("\n", "\r\n"), "csv"],
    ["text named .parquet", drugs, "parquet"],
    ["nothing named .parquet", "", "parquet"],
  ];
  it.each(files)("%s", async (_, bytes, form) => {
    const found = await error("drug_exposure", bytes, form);
    expect(found.code).toBe("MEDS_SOURCE_DAMAGED");
    // Patients' data have no place in a message.
    expect(found.message).not.toContain("metformin");
    expect(String(found.cause)).not.toContain("metformin");
    expect(found.message).not.toMatch(/(Input|IO|Conversion) Error/);
  });

  it("among the pieces of a table, where DuckDB names none", async () => {
    const { person, concept, measurement } = clinic;
    const root = await writeParquet(folder("damaged"), { person: person!, concept: concept!, measurement: measurement! });
    const whole = readFileSync(join(root, "measurement.parquet"));
    rmSync(join(root, "measurement.parquet"));
    // The other piece is damaged below: equal ones are refused as copies.
    for (const i of [0, 1]) writeFileSync(join(root, `measurement_${i}.parquet`), whole);
    const path = join(root, "measurement_1.parquet");
    for (let at = 8; at < whole.length; at += full ? 97 : 97 * 4) {
      const bytes = Buffer.from(whole);
      for (let i = at; i < Math.min(at + 8, whole.length); i += 1) bytes[i]! ^= 0xff;
      writeFileSync(path, bytes);
      const error = await convert(root, join(folder("t"), "s.medsdb")).then(
        () => undefined,
        (thrown: MedsError) => thrown,
      );
      if (error !== undefined && error.code !== "MEDS_TIME_RANGE") expect(error.message).toContain(path);
    }
  }, 240_000);

  it("that is not a file, or does not exist", async () => {
    const root = writeCsv(folder("damaged"), brief);
    const path = join(root, "death.csv");
    const ends: [() => void, MedsError["code"]][] = [
      [() => symlinkSync(join(root, "nothing"), path), "MEDS_NOT_FOUND"],
      [() => symlinkSync(path, path), "MEDS_IO"],
      // It has no end, unless somebody writes it.
      [() => expect(spawnSync("mkfifo", [path]).status).toBe(0), "MEDS_IO"],
    ];
    for (const [make, code] of ends) {
      rmSync(path, { recursive: true });
      make();
      for (const look of [convert(root, join(folder("t"), "s.medsdb")), inspect(root)]) {
        const error = await rejected(look);
        expect(error).toMatchObject({ code, path });
      }
    }
    rmSync(path);
    writeFileSync(join(mkdirSync(path, { recursive: true })!, "part-0"), clinic.death!);
    expect(await refused(root)).toMatchObject({ code: "MEDS_NO_DATA", path });
  });

  it("also Parquet that is cut, and tables of concepts", async () => {
    const { drug_exposure, concept_ancestor, observation_period, cdm_source } = clinic;
    const more = { drug_exposure, concept_ancestor, observation_period, cdm_source } as Tables;
    const root = await writeParquet(folder("damaged"), { person: brief.person!, concept: brief.concept!, ...more });
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
    ["a person as a product", "death", "2,2022", "20e-1,2022", "MEDS_COLUMN_TYPE", "person_id"],
    ["a person in another base", "death", "2,2022", "0x2,2022", "MEDS_COLUMN_TYPE", "person_id"],
    ["a person with a line in it", "death", "2,2022", "0_2,2022", "MEDS_COLUMN_TYPE", "person_id"],
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

  it("and with its person; a text is not shown, which may be a patient's", async () => {
    const said = async (table: string, from: string, to: string) => (await error(table, changed(table, from, to))).message;
    expect(await said("death", "2022-11-11", "2022-13-11")).toContain('Column death_date of person 2 contains "2022-13-11", which');
    expect(await said("death", "2022-11-11", "Jane Doe died")).toContain("Column death_date of person 2 contains a text, which");
    expect(await said("death", "2022-11-11", "7\u0001Jane Doe")).toMatch(
      /of person 2 contains a text, which is not a date, .* Correct the value\.$/,
    );
    expect(await said("death", "2,2022", "Jane Doe,2022")).toContain("Column person_id contains a text, which");
    expect(await said("person", "1955,3,", "1955,2,30")).toContain("day_of_birth of person 2 are not a valid date");
  });

  it("by inspect() too, in any column that a conversion reads", async () => {
    for (const [table, from, to] of [
      ["death", "2,2022", "two,2022"],
      ["measurement", ",4181412,,100,GLU,3004501", ",positive,,100,GLU,3004501"],
      ["note", ",100,progress", ",v100,progress"],
      ["concept_relationship", "2000000002,3004501", "A,B"],
      ["observation_period", "2,2,2010-01-01", "2,2,soon"],
    ] as const) {
      const root = writeCsv(folder("damaged"), { ...brief, [table]: changed(table, from, to) });
      const found = await inspect(root);
      expect(found.problem).toBe((await refused(root)).message);
    }
  });

  it("by inspect() also where its own look at the files ends", async () => {
    const open = writeCsv(folder("damaged"), { ...brief, death: clinic.death!.replace("person_id", '"person_id') });
    const strange = writeCsv(folder("damaged"), brief);
    rmSync(join(strange, "death.csv"));
    mkdirSync(join(strange, "death"));
    writeFileSync(join(strange, "death", "note.txt"), "x");
    for (const root of [open, strange]) {
      const { problem, problemCode } = await inspect(root);
      expect([problemCode, problem]).toEqual([(await refused(root)).code, expect.stringContaining("death")]);
    }
  });

  it("decimals that DuckDB reads wrong, in Parquet; if they are not needed, they do not matter", async () => {
    const root = writeCsv(folder("damaged"), brief);
    rmSync(join(root, "death.csv"));
    const write = (name: string) => {
      const schema: SchemaElement[] = [
        { name: "root", num_children: 3 },
        { name: "person_id", type: "INT64", repetition_type: "REQUIRED" },
        { name: "death_date", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
        {
          name,
          type: "FIXED_LEN_BYTE_ARRAY",
          type_length: 17,
          converted_type: "DECIMAL",
          precision: 40,
          scale: 4,
          repetition_type: "REQUIRED",
        },
      ];
      const data = [[2n], ["2022-11-11"], [1.5]];
      const columnData = data.map((data, i) => ({ name: schema[i + 1]!.name, data }));
      writeFileSync(join(root, "death.parquet"), Buffer.from(parquetWriteBuffer({ schema, columnData })));
    };
    write("visit_occurrence_id");
    expect((await refused(root)).message).toMatch(/death\.parquet: Column visit_occurrence_id has decimals with more than 38 digits/);
    write("cause_source_value");
    await convert(root, join(folder("t"), "s.medsdb"));
  });

  it("a number as a time, in Parquet", async () => {
    const tables: Tables = {
      ...brief,
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
  it("cut or flipped anywhere are an error or a complete store, never a crash, never a part of a store", async () => {
    const forms: [string, string, (text: string) => Buffer][] = [
      ["measurement", "csv", (text) => Buffer.from(text)],
      ["measurement", "csv.gz", (text) => gzipSync(text)],
      ["concept", "csv.gz", (text) => gzipSync(text)],
    ];
    const parquet = await writeParquet(folder("p"), { measurement: clinic.measurement! });
    const outcomes = new Map<string, number>();
    const rounds = full ? 12 : 4;
    for (const [table, form, write] of [
      ...forms,
      ["measurement", "parquet", () => readFileSync(join(parquet, "measurement.parquet"))] as const,
    ]) {
      const { [table]: text, ...others } = brief;
      const root = writeCsv(folder("fuzz"), others);
      const whole = write(text!);
      for (let round = 0; round < rounds; round += 1) {
        const at = Math.floor(((round + 0.5) / rounds) * whole.length);
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
    expect(outcomes.get("MEDS_SOURCE_DAMAGED")).toBeGreaterThan(full ? 10 : 3);
  }, 120_000);
});
