// A small OMOP CDM 5.4 with every special case, and ways to write it: CSV, gzip, Parquet, upper case, parts.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PatientDatabase } from "meds-reader";
import { duckdb } from "../cli/run.js";
import { duck } from "./dataset.js";
import { folder, place } from "./folder.js";
import { etlPython } from "./python.js";

/** Tables as CSV, by name. */
export type Tables = Readonly<Record<string, string>>;

export const clinic: Tables = {
  person: `person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,race_concept_id,ethnicity_concept_id,gender_source_value,gender_source_concept_id,race_source_value,race_source_concept_id,ethnicity_source_value,ethnicity_source_concept_id
1,8532,1980,5,17,1980-05-17 06:30:00,8527,0,F,0,white,0,,0
2,8507,1955,3,,,0,38003563,M,0,other,2000000001,latino,0
9007199254740993,8532,2001,,,,8527,38003563,F,0,,,,
`,
  visit_occurrence: `visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,visit_end_date,visit_end_datetime,visit_type_concept_id,visit_source_value,visit_source_concept_id,admitted_from_concept_id,admitted_from_source_value,discharged_to_concept_id,discharged_to_source_value
100,1,9201,2020-01-01,2020-01-01 08:00:00,2020-01-05,2020-01-05 12:15:30.250,44818517,inpatient,0,0,,8536,home
101,1,0,2020-02-01,,2020-02-01,,44818517,unknown,0,0,,0,
102,2,9202,2019-07-04,2019-07-04 10:00:00,2019-07-04,,44818517,clinic,,0,,8536,
`,
  visit_detail: `visit_detail_id,person_id,visit_detail_concept_id,visit_detail_start_date,visit_detail_start_datetime,visit_detail_end_date,visit_detail_end_datetime,visit_detail_type_concept_id,visit_detail_source_value,visit_detail_source_concept_id,visit_occurrence_id
500,1,32037,2020-01-02,2020-01-02 03:00:00,2020-01-03,2020-01-03 04:00:00,44818517,icu,0,100
501,1,0,2020-01-03,2020-01-03 04:00:00,2020-01-05,,44818517,,0,100
`,
  condition_occurrence: `condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_start_datetime,condition_end_date,condition_end_datetime,condition_type_concept_id,visit_occurrence_id,condition_source_value,condition_source_concept_id
1,1,201826,2020-01-01,2020-01-01 09:00:00,2020-01-05,2020-01-05 00:00:00,32020,100,E11.9,45576439
2,1,201826,2020-01-01,,2020-01-05,,32020,100,E11.X,0
3,1,201826,2020-01-01,2020-01-01 09:30:00,,,32020,,local,77777
4,2,0,2019-07-04,2019-07-04 10:10:00,,,32020,102,"strange, ""odd"" thing",0
5,2,88888,2019-07-04,2019-07-04 10:11:00,,,32020,102,,0
6,2,0,2019-07-04,2019-07-04 10:12:00,,,32020,102,,0
`,
  drug_exposure: `drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_start_datetime,drug_exposure_end_date,drug_exposure_end_datetime,drug_type_concept_id,quantity,visit_occurrence_id,drug_source_value,drug_source_concept_id
1,1,1503297,2020-01-02,2020-01-02 00:00:00,2020-01-09,2020-01-09,32020,7,100,metformin,0
`,
  procedure_occurrence: `procedure_occurrence_id,person_id,procedure_concept_id,procedure_date,procedure_datetime,procedure_end_date,procedure_end_datetime,procedure_type_concept_id,visit_occurrence_id,procedure_source_value,procedure_source_concept_id
1,1,4273629,2020-01-02,2020-01-02 11:00:00,2020-01-02,2020-01-02 12:00:00,32020,100,x-ray,0
`,
  device_exposure: `device_exposure_id,person_id,device_concept_id,device_exposure_start_date,device_exposure_start_datetime,device_exposure_end_date,device_exposure_end_datetime,device_type_concept_id,visit_occurrence_id,device_source_value,device_source_concept_id,unit_concept_id,unit_source_value
1,2,4281167,2019-07-04,2019-07-04 10:30:00,,,32020,102,pump,0,8840,
`,
  measurement: `measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,measurement_time,measurement_type_concept_id,value_as_number,value_as_concept_id,unit_concept_id,visit_occurrence_id,measurement_source_value,measurement_source_concept_id,unit_source_value,value_source_value
1,1,3004501,2020-01-01,2020-01-01 08:30:00,08:30:00,32020,5.4,0,8840,100,GLU,0,,5.4 mg
2,1,3004501,2020-01-01,2020-01-01 08:31:00.123456,,32020,,0,8840,100,GLU,0,mg/dl, 105
3,1,3004501,2020-01-01,2020-01-01 08:32:00,,32020,,0,0,100,GLU,0,," 1,005 "
4,1,3004501,2020-01-01,2020-01-01 08:33:00,,32020,,4181412,,100,GLU,0,,
5,1,3004501,2020-01-01,2020-01-01 08:34:00,,32020,,4181412,,100,GLU,3004501,,
6,1,3004501,2020-01-01,2020-01-01 08:35:00,,32020,,4181412,,100,GLU,,,
7,1,3004501,2020-01-01,,,32020,1e2,0,,100,GLU,0,,
8,1,3004501,2020-01-01,2020-01-01 08:36:00,,32020,,0,,100,GLU,0,,1_000
9,1,3004501,2020-01-01,2020-01-01 08:37:00,,32020,,0,,100,GLU,0,,-inf
10,1,3004501,2020-01-01,2020-01-01 08:38:00,,32020,1e39,0,,100,GLU,0,,
11,1,2000000002,2020-01-01,2020-01-01 08:39:00,,32020,0.1,0,,100,LOCAL,2000000002,,
12,1,2000000002,2020-01-01,2020-01-01 08:40:00,,32020,,0,99999,100,LOCAL,2000000002,,positive
13,1,3004501,2020-01-01,2020-01-01 08:41:00,,32020,,0,,100,GLU,0,,+-5
14,1,3004501,2020-01-01,2020-01-01 08:42:00,,32020,,0,,100,GLU,0,,nan(1)
`,
  observation: `observation_id,person_id,observation_concept_id,observation_date,observation_datetime,observation_type_concept_id,value_as_number,value_as_string,value_as_concept_id,unit_concept_id,visit_occurrence_id,observation_source_value,observation_source_concept_id,unit_source_value
1,2,4275495,2019-07-04,2019-07-04 11:00:00,32020,,never,4181412,0,102,smoking,0,
2,2,4275495,2019-07-04,2019-07-04 11:01:00,32020,3,,0,0,102,smoking,0,packs
`,
  note: `note_id,person_id,note_date,note_datetime,note_type_concept_id,note_class_concept_id,note_title,note_text,visit_occurrence_id,note_source_value
1,1,2020-01-01,2020-01-01 20:00:00,32831,706391,Progress,"Feels ""better"".
Eats, sleeps.",100,progress
2,2,2019-07-04,2019-07-04 11:30:00,32831,0,,  Über µ  ,102,
`,
  death: `person_id,death_date,death_datetime,death_type_concept_id,cause_concept_id,cause_source_value,cause_source_concept_id
2,2022-11-11,,32815,0,,0
`,
  observation_period: `observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id
1,1,2019-12-01,2020-12-31,32817
2,2,2010-01-01,2022-11-11,32817
`,
  concept: `concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason
8,Unknown visit,Visit,Visit,Visit,S,UNK,1970-01-01,2099-12-31,
0,No matching concept,Metadata,None,Undefined,,No matching concept,1970-01-01,2099-12-31,
8532,FEMALE,Gender,Gender,Gender,S,F,1970-01-01,2099-12-31,
8507,MALE,Gender,Gender,Gender,S,M,1970-01-01,2099-12-31,
8527,White,Race,Race,Race,S,5,1970-01-01,2099-12-31,
38003563,Hispanic,Ethnicity,Ethnicity,Ethnicity,S,Hispanic,1970-01-01,2099-12-31,
9201,Inpatient Visit,Visit,Visit,Visit,S,IP,1970-01-01,2099-12-31,
9202,Outpatient Visit,Visit,Visit,Visit,S,OP,1970-01-01,2099-12-31,
8536,Home,Visit,CMS Place of Service,Visit,S,12,1970-01-01,2099-12-31,
32037,Intensive Care,Visit,Visit,Visit,S,OMOP4822460,1970-01-01,2099-12-31,
4203722,Patient encounter procedure,Procedure,SNOMED,Procedure,S,308335008,1970-01-01,2099-12-31,
201826,Type 2 diabetes mellitus,Condition,SNOMED,Clinical Finding,S,44054006,1970-01-01,2099-12-31,
201820,Diabetes mellitus,Condition,SNOMED,Clinical Finding,S,73211009,1970-01-01,2099-12-31,
4000001,Disorder of glucose metabolism,Condition,SNOMED,Clinical Finding,S,126877002,1970-01-01,2099-12-31,
45576439,"Type 2 diabetes mellitus, without complications",Condition,ICD10CM,5-char,,E11.9,1970-01-01,2099-12-31,
1503297,metformin,Drug,RxNorm,Ingredient,S,6809,1970-01-01,2099-12-31,
4273629,Chest X-ray,Procedure,SNOMED,Procedure,S,399208008,1970-01-01,2099-12-31,
4281167,Infusion pump,Device,SNOMED,Physical Object,S,430033006,1970-01-01,2099-12-31,
3004501,Glucose [Mass/volume] in Serum or Plasma,Measurement,LOINC,Lab Test,S,2345-7,1970-01-01,2099-12-31,
4275495,Tobacco smoking behavior,Observation,SNOMED,Observable Entity,S,365981007,1970-01-01,2099-12-31,
8840,milligram per deciliter,Unit,UCUM,Unit,S,mg/dL,1970-01-01,2099-12-31,
706391,Progress note,Note,LOINC,Note,S,11506-3,1970-01-01,2099-12-31,
46235038,Note,Note,LOINC,Note,S,34109-9,1970-01-01,2099-12-31,
2000000001,Other race,Race,LOCAL_RACE,Race,,other,1970-01-01,2099-12-31,
2000000002,Local glucose test,Measurement,LOCAL_LAB,Lab,,GLU-Ü,1970-01-01,2099-12-31,
2000000003,Unused local code,Measurement,LOCAL_LAB,Lab,,X,1970-01-01,2099-12-31,
`,
  concept_relationship: `concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason
2000000002,3004501,Maps to,1970-01-01,2099-12-31,
2000000001,2000000001,Maps to,1970-01-01,2099-12-31,
45576439,201826,Maps to,1970-01-01,2099-12-31,
45576439,201820,Is a,1970-01-01,2099-12-31,
`,
  concept_ancestor: `ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation
201826,201826,0,0
201820,201826,1,1
4000001,201826,2,2
4000001,201820,1,1
`,
  cdm_source: `cdm_source_name,cdm_source_abbreviation,cdm_holder,source_release_date,cdm_release_date,cdm_version,vocabulary_version
Clinic,C,Nobody,2024-01-01,2024-02-01,5.4,v5.0
`,
};

/**
 * The tables of the clinic that most tests need. Each table costs a conversion some queries: these take half
 * the time of all.
 */
export const brief: Tables = Object.fromEntries(
  ["person", "condition_occurrence", "measurement", "observation", "note", "death", "concept"].map((table) => [table, clinic[table]!]),
);

/** Writes tables as CSV; `name` returns the file name of a table. */
export function writeCsv(root: string, tables: Tables = clinic, name = (table: string) => `${table}.csv`): string {
  for (const [table, text] of Object.entries(tables)) {
    const file = place(root, name(table));
    writeFileSync(file, file.endsWith(".gz") ? gzipSync(text) : text);
  }
  return root;
}

const TYPES: readonly [RegExp, string][] = [
  [/^(relationship|domain|vocabulary|concept_class)_id$/, "VARCHAR"],
  [/^value_as_number$|^quantity$/, "DOUBLE"],
  [/_datetime$/, "TIMESTAMP"],
  [/_date$/, "DATE"],
  [/^year_|^month_|^day_|levels_of/, "INTEGER"],
  [/(^|_)id(_[12])?$/, "BIGINT"],
];

/** The type of a column in the CDM. */
export function typeOf(column: string): string {
  return TYPES.find(([of]) => of.test(column.toLowerCase()))?.[1] ?? "VARCHAR";
}

/** Writes tables as Parquet with the types of the CDM, by DuckDB. */
export async function writeParquet(root: string, tables: Tables = clinic, name = (table: string) => `${table}.parquet`): Promise<string> {
  const csv = place(folder("omop-csv"), "table.csv");
  for (const [table, text] of Object.entries(tables)) {
    writeFileSync(csv, text);
    const columns = text.slice(0, text.indexOf("\n")).split(",");
    const values = columns.map((column) => `CAST("${column}" AS ${typeOf(column)}) AS "${column}"`).join(", ");
    await (
      await duck()
    ).run(`COPY (SELECT ${values} FROM read_csv('${csv}', all_varchar=true, header=true, quote='"', escape='"', delim=','))
                  TO '${place(root, name(table))}' (FORMAT parquet)`);
  }
  return root;
}

const COLUMNS = ["table", "visit_id", "unit", "note_id"] as const;

/**
 * Every event of a store as a line of text, sorted, for a comparison of two programs. Numbers are shown in
 * float32.
 */
export function lines(store: string): string[] {
  const db = PatientDatabase.open(store);
  const found: string[] = [];
  const has = new Set(db.columns.map(({ name }) => name));
  const text = (value: unknown) => (value === null || value === undefined ? "" : String(value));
  for (const patient of db) {
    for (const event of patient) {
      const get = (name: string) => (has.has(name) ? event.get(name) : null);
      const rest = COLUMNS.map((name) => text(get(name)));
      const cells = [
        patient.subjectId,
        event.time,
        event.code,
        text(event.numericValue),
        text(get("text_value")),
        text(get("end")),
        ...rest,
      ];
      found.push(cells.map((cell) => (typeof cell === "number" && Number.isNaN(cell) ? "" : text(cell))).join("|"));
    }
  }
  db.close();
  return found.sort();
}

/** The same for a MEDS dataset, by DuckDB, which shares no code with this package. */
export async function linesOf(dataset: string): Promise<string[]> {
  const from = `read_parquet('${join(dataset, "data/*.parquet")}')`;
  const columns = new Set((await duckdb(`DESCRIBE SELECT * FROM ${from}`)).map((row) => row.column_name));
  const text = (name: string) => (columns.has(name) ? `"${name}"::VARCHAR` : "NULL::VARCHAR");
  const rows = await duckdb(
    `SELECT subject_id::VARCHAR AS subject, epoch_us(time)::VARCHAR AS time, code, numeric_value::DOUBLE AS number, ${text("text_value")} AS text_value,
       epoch_us("end")::VARCHAR AS "end", ${COLUMNS.map((name) => `${text(name)} AS ${name}`).join(", ")} FROM ${from}`,
  );
  return rows
    .map((row) =>
      Object.values(row)
        .map((cell) => (cell === null ? "" : String(cell)))
        .join("|"),
    )
    .sort();
}

/**
 * Turns off streaming in polars: its old engine, which meds_etl requests, reads no Parquet in the versions
 * that meds_etl runs with.
 */
const RUN = `
import polars as pl
collect = pl.LazyFrame.collect
pl.LazyFrame.collect = lambda self, *args, streaming=False, **more: collect(self, *args, **more)
import meds_etl.omop
meds_etl.omop.main()
`;

/**
 * Converts OMOP tables by meds_etl, and returns the MEDS dataset. meds_etl reads only names of 5.4, in lower
 * case.
 */
export function medsEtl(tables: string): string {
  const out = join(folder("meds-etl"), "meds");
  const done = spawnSync(etlPython!, ["-c", RUN, tables, out, "--num_shards", "2"], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`meds_etl failed: ${done.error?.message ?? done.stderr}`);
  return out;
}

/** A hash of many lines: 64 hexadecimal digits. */
export function digest(all: readonly string[]): string {
  return createHash("sha256").update(all.join("\n")).digest("hex");
}
