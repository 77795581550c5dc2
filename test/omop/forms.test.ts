// One set of OMOP tables in all the forms that people have them in: always the same events.
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConvertOptions, convert, inspect, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duckdb, meds } from "../cli/run.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { brief, clinic, lines, type Tables, writeCsv, writeParquet } from "../support/omop.js";

const all = (root: string, options?: ConvertOptions) => converted(root, options).then(({ store }) => lines(store));

async function converted(root: string, options?: ConvertOptions) {
  const target = folder("omop");
  const store = join(target, "s.medsdb");
  const summary = await convert(root, store, options);
  // Neither the MEDS that was made on the way nor what was spilled stays.
  expect(readdirSync(target)).toEqual(["s.medsdb"]);
  return { store, summary };
}

const expected = all(writeCsv(folder("clinic")));
const few = all(writeCsv(folder("brief"), brief));

/** A table's rows, a function of each field by its column. */
function mapped(text: string, field: (value: string, column: number, row: number) => string): string {
  return text
    .split("\n")
    .map((line, row) =>
      line
        .split(",")
        .map((value, column) => field(value, column, row))
        .join(","),
    )
    .join("\n");
}

describe("the clinic's tables", () => {
  it("become these events of one patient", async () => {
    const db = PatientDatabase.open((await converted(writeCsv(folder("clinic")))).store);
    const seen = [...db.get(2)!].map((event) => [
      event.date?.toISOString(),
      event.code,
      event.numericValue,
      event.get("text_value"),
      event.get("table"),
    ]);
    expect(seen).toEqual([
      ["1955-03-01T00:00:00.000Z", "Ethnicity/Hispanic", null, null, "person"],
      ["1955-03-01T00:00:00.000Z", "Gender/M", null, null, "person"],
      ["1955-03-01T00:00:00.000Z", "LOCAL_RACE/other", null, null, "person"],
      ["1955-03-01T00:00:00.000Z", "MEDS_BIRTH", null, null, "person"],
      ["2019-07-04T10:00:00.000Z", "Visit/OP", null, null, "visit"],
      ["2019-07-04T10:30:00.000Z", "SNOMED/430033006", null, null, "device_exposure"],
      ["2019-07-04T11:00:00.000Z", "SNOMED/365981007", null, "never", "observation"],
      ["2019-07-04T11:01:00.000Z", "SNOMED/365981007", 3, null, "observation"],
      ["2019-07-04T11:30:00.000Z", "LOINC/34109-9", null, "Über µ", "note"],
      ["2019-07-04T23:59:59.000Z", "CMS Place of Service/12", null, null, "visit"],
      ["2022-11-11T23:59:59.000Z", "MEDS_DEATH", null, null, "death"],
    ]);
    expect(db.metadata.dataset).toMatchObject({ dataset_name: "Clinic", dataset_version: "2024-02-01" });
    expect(db.get(9007199254740993n)!.birthTime).toBe(Date.UTC(2001, 0, 1) * 1000);
    // What a code is and what stands above it.
    const found = [...db.codes].filter(({ code }) => ["ICD10CM/E11.9", "LOCAL_LAB/GLU-Ü", "SNOMED/44054006"].includes(code));
    expect(found.map(({ code, description, parents }) => [code, description, [...(parents ?? [])]])).toEqual([
      ["ICD10CM/E11.9", "Type 2 diabetes mellitus, without complications", ["SNOMED/44054006"]],
      ["LOCAL_LAB/GLU-Ü", "Local glucose test", ["LOINC/2345-7"]],
      ["SNOMED/44054006", "Type 2 diabetes mellitus", ["SNOMED/73211009"]],
    ]);
    // Parents of parents are there, also those that no event has.
    const codes = await duckdb(`SELECT code FROM '${join(db.path, "metadata/codes.parquet")}' WHERE parent_codes = ['SNOMED/126877002']`);
    expect(codes).toEqual([{ code: "SNOMED/73211009" }]);
    const periods = await duckdb(
      `SELECT subject_id, epoch_us(start) AS a, epoch_us("end") AS b FROM '${join(db.path, "metadata/observation_period.parquet")}'`,
    );
    expect(periods[0]).toEqual({
      subject_id: 1n,
      a: BigInt(Date.UTC(2019, 11, 1)) * 1000n,
      b: BigInt(Date.UTC(2020, 11, 31, 23, 59, 59)) * 1000n,
    });
    db.close();
  });

  it("report what was dropped, by table, and keep it on request", async () => {
    const told = async (options: ConvertOptions) =>
      (await converted(writeCsv(folder("clinic")), options)).summary.notes.map(({ kind, message, count }) => [
        kind,
        message.split(" ")[2]!,
        count,
      ]);
    expect(await told({})).toEqual([
      ["dropped", "of", 3],
      ["converted", "condition_occurrence.condition_concept_id", 1],
      ["skipped", "person.ethnicity_concept_id", 1],
      ["skipped", "visit_occurrence.discharged_to_concept_id", 1],
    ]);
    const kept = await all(writeCsv(folder("clinic")), { keepUnmapped: true });
    const codes = kept.filter((line) => line.includes("UNMAPPED")).map((line) => line.split("|")[2]);
    expect(codes).toEqual(['UNMAPPED/condition/strange, "odd" thing', "UNMAPPED/condition/OMOP_CONCEPT_ID/88888"]);
    expect(kept.filter((line) => !line.includes("UNMAPPED"))).toEqual(await expected);
  });
});

describe("the same events", () => {
  const forms: [string, () => string | Promise<string>][] = [
    ["CSV.gz", () => writeCsv(folder("f"), clinic, (table) => `${table}.csv.gz`)],
    ["Parquet", () => writeParquet(folder("f"), typed)],
    ["capital names of files and columns", () => writeCsv(folder("f"), capitals(clinic), (table) => `${table.toUpperCase()}.CSV`)],
    ["capital names, Parquet", () => writeParquet(folder("f"), capitals(typed), (table) => `${table.toUpperCase()}.parquet`)],
    [
      "Windows' line ends and a byte order mark",
      () =>
        writeCsv(
          folder("f"),
          each((text) => `\ufeff${text.replace(/\n(?!Eats)/g, "\r\n")}`),
        ),
    ],
    ["ids with decimals, as exports of columns with nulls have them", () => writeCsv(folder("f"), decimals(clinic))],
    ["every field in quotes", () => writeCsv(folder("f"), { ...clinic, visit_occurrence: mapped(clinic.visit_occurrence!, quoted) })],
    ["CDM 5.3's names", () => writeCsv(folder("f"), older())],
    [
      "Athena's vocabulary, with tabs",
      () =>
        writeCsv(folder("f"), { ...clinic, ...athena() }, (table) => `${table.startsWith("concept") ? table.toUpperCase() : table}.csv`),
    ],
    [
      "columns without a name",
      () =>
        writeCsv(
          folder("f"),
          each((text) => text.replace(/(?<!better"".)\n/g, ",,\n")),
        ),
    ],
    ["a path with a quote and brackets", () => writeCsv(join(folder("f"), "it's [1] *here*"))],
  ];
  // Where the rows of a table are does not depend on the table.
  const parts: [string, () => string | Promise<string>][] = [
    ["a folder a table, in pieces", () => pieces((table, i) => `${table}/${String(i).padStart(12, "0")}.csv.gz`)],
    ["numbered files", () => pieces((table, i) => `${table}_${i}.csv`)],
    ["BigQuery's numbered files", () => pieces((table, i) => `${table}${String(i).padStart(12, "0")}.csv`)],
    ["Snowflake's numbered files", () => pieces((table, i) => `${table}_0_${i}_0.csv.gz`)],
    ["pieces whose columns stand in another order", swapped],
    ["pieces in Parquet", () => piecesOfParquet()],
  ];
  it.each(parts)("from %s", async (_, write) => {
    expect(await all(await write())).toEqual(await few);
  });

  it.each(forms)("from %s", async (_, write) => {
    expect(await all(await write())).toEqual(await expected);
  });

  it("with times of more forms: T, Z, UTC, minutes alone; doubles for ids, zoned times in Parquet", async () => {
    const times = writeCsv(folder("f"), {
      ...clinic,
      condition_occurrence: clinic
        .condition_occurrence!.replace("2020-01-01 09:00:00", "2020-01-01T09:00:00Z")
        .replace("2019-07-04 10:11:00", "2019-07-04 10:11")
        .replace("2020-01-01 09:30:00", "2020-01-01 09:30:00.000 UTC"),
    });
    expect(await all(times)).toEqual(await expected);
    const root = await writeParquet(folder("f"), typed);
    const file = join(root, "drug_exposure.parquet");
    await duckdb(`COPY (SELECT * REPLACE (person_id::DOUBLE AS person_id, visit_occurrence_id::DECIMAL(12,2) AS visit_occurrence_id, drug_concept_id::INTEGER AS drug_concept_id,
      (drug_exposure_start_datetime::VARCHAR || '+00')::TIMESTAMPTZ AS drug_exposure_start_datetime) FROM '${file}') TO '${file}.new' (FORMAT parquet)`);
    renameSync(`${file}.new`, file);
    expect(await all(root)).toEqual(await expected);
  });

  it("of Parquet whose numbers and times are texts, empty where they are missing, and ids that only a double holds", async () => {
    const root = await writeParquet(folder("f"), typed);
    const change = async (table: string, columns: string) => {
      const file = join(root, `${table}.parquet`);
      await duckdb(`COPY (SELECT * REPLACE (${columns}) FROM '${file}') TO '${file}.new' (FORMAT parquet)`);
      renameSync(`${file}.new`, file);
    };
    const texts = ["visit_end_datetime", "visit_start_datetime", "visit_source_concept_id", "person_id"];
    await change("visit_occurrence", texts.map((name) => `coalesce(${name}::VARCHAR, '') AS ${name}`).join(", "));
    expect(await all(root)).toEqual(await expected);
    await change("death", "1152921504606846976::DOUBLE AS person_id");
    expect((await all(root)).filter((line) => line.includes("MEDS_DEATH"))[0]).toMatch(/^1152921504606846976\|/);
  });

  it("with any number of threads; equal sources make equal stores", async () => {
    // Less than a mebibyte is imported in one thread.
    const [header, ...rows] = clinic.measurement!.trimEnd().split("\n");
    const measurement = `${header}\n${`${rows.join("\n")}\n`.repeat(Math.ceil(2 ** 20 / clinic.measurement!.length))}`;
    const root = writeCsv(folder("f"), { ...clinic, measurement });
    const ids: string[] = [];
    for (const threads of [1, 2]) {
      const db = PatientDatabase.open((await converted(root, { threads })).store);
      ids.push(db.metadata.id);
      db.close();
    }
    expect(ids[0]).toBe(ids[1]);
  });
});

describe("tables that are not there", () => {
  it("are named, and the others read", async () => {
    const root = writeCsv(folder("f"), {
      person: clinic.person!,
      concept: clinic.concept!,
      death: clinic.death!,
      cost: "cost_id\n1\n",
    });
    const { store, summary } = await converted(root);
    expect(lines(store)).toEqual((await expected).filter((line) => /\|(person|death)\|/.test(line)));
    const notes = summary.notes.map(({ message }) => message);
    expect(notes.find((message) => message.startsWith("missing tables: "))).toContain("visit_occurrence");
    expect(notes.find((message) => message.startsWith("files that contain no events"))).toContain("cost.csv");
  });

  it("without concepts only unmapped rows are converted, on request", async () => {
    const { concept: _, ...rest } = clinic;
    expect((await rejected(all(writeCsv(folder("f"), rest)))).code).toBe("MEDS_NO_VOCABULARY");
    expect((await all(writeCsv(folder("f"), rest), { keepUnmapped: true })).length).toBeGreaterThan(30);
  });
});

it("notes larger than the memory are sorted within it", async () => {
  const { person, concept } = clinic as Record<string, string>;
  const text = "The patient feels better, eats and sleeps. ".repeat(170);
  const notes = Array.from({ length: 12_000 }, (_, i) => `${i},${1 + (i % 200)},2020-01-01,0,${i},"${i} ${text}"\n`);
  const root = writeCsv(folder("f"), {
    person: person!,
    concept: concept!,
    note: `note_id,person_id,note_date,note_class_concept_id,visit_occurrence_id,note_text\n${notes.join("")}`,
  });
  const { store } = await converted(root, { memory: 256 * 2 ** 20 });
  expect(await verify(store, root, { memory: 2 ** 31 })).toEqual({ ok: true, differences: [] });
  const db = PatientDatabase.open(store);
  expect(db.size).toBe(201);
  for (const patient of db) expect(patient.withCode("LOINC/34109-9").length).toBe(patient.subjectId <= 200n ? 60 : 0);
  db.close();
}, 120_000);

it("tables that exist twice are reported, and so are foreign files in a table's folder", async () => {
  const root = writeCsv(folder("f"), {
    ...clinic,
    // As in meds_etl, each row gives a birth, and the last code counts.
    person: `${clinic.person}1,8532,1981,5,17,,8527,0,F,0,white,0,,0\n`,
    concept: `${clinic.concept}8532,Frau,Gender,Gender,Gender,S,Frau,1970-01-01,2099-12-31,\n8507,MALE,Gender,Gender,Gender,S,M,1970-01-01,2099-12-31,\n`,
  });
  mkdirSync(join(root, "death"));
  renameSync(join(root, "death.csv"), join(root, "death", "0.csv"));
  for (const name of ["0.txt", "_SUCCESS", ".0.crc"]) writeFileSync(join(root, "death", name), "x");
  // A copy, which an editor keeps.
  mkdirSync(join(root, "death", ".ipynb_checkpoints"));
  copyFileSync(join(root, "death", "0.csv"), join(root, "death", ".ipynb_checkpoints", "0-checkpoint.csv"));
  const { store, summary } = await converted(root);
  const notes = summary.notes.map(({ kind, message, count }) => [kind, message.split(":")[0], count]);
  expect(notes).toContainEqual(["warning", "persons with more than one row in the table person", 1]);
  expect(notes).toContainEqual(["warning", "concepts with several codes in the table concept", 1]);
  expect(notes).toContainEqual(["skipped", "files that contain no events, such as death/0.txt", 1]);
  expect((await inspect(root)).notes).toEqual(summary.notes);
  expect(lines(store).filter((line) => line.includes("MEDS_DEATH"))).toHaveLength(clinic.death!.trim().split("\n").length - 1);
  const codes = lines(store).map((line) => line.split("|").slice(0, 3).join("|"));
  expect(codes.filter((line) => /^1\|.*(MEDS_BIRTH|Gender)/.test(line))).toEqual([
    "1|327393000000000|Gender/Frau",
    "1|327393000000000|MEDS_BIRTH",
    "1|358905600000000|Gender/Frau",
    "1|358905600000000|MEDS_BIRTH",
  ]);
});

describe("a source", () => {
  it("of an unknown kind is an error of one sentence", async () => {
    const root = folder("none");
    writeFileSync(join(root, "notes.txt"), "x");
    const error = await rejected(convert(root, join(folder("t"), "s.medsdb")));
    expect(error).toMatchObject({ code: "MEDS_NO_DATA", path: root });
    expect(error.message).toMatch(/looked for .*OMOP.*; found notes\.txt\.$/);
  });

  it("that has a table twice is refused", async () => {
    for (const twin of ["person.csv.gz", "PERSON.csv", "person_0.csv", "person.parquet"]) {
      const root = writeCsv(folder("f"));
      writeFileSync(join(root, twin), "");
      expect(await rejected(convert(root, join(folder("t"), "s.medsdb")))).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT" });
    }
    const root = writeCsv(folder("f"));
    mkdirSync(join(root, "person"));
    writeFileSync(join(root, "person", "0.csv"), "");
    expect(await rejected(convert(root, join(folder("t"), "s.medsdb")))).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT" });
  });

  it("that is MEDS and OMOP CDM at once is refused", async () => {
    const root = writeCsv(folder("f"));
    mkdirSync(join(root, "data"));
    expect(await rejected(convert(root, join(folder("t"), "s.medsdb")))).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", path: root });
  });

  it("of MEDS has nothing unmapped to keep", async () => {
    const root = folder("f");
    mkdirSync(join(root, "data"));
    const error = await rejected(convert(root, join(folder("t"), "s.medsdb"), { keepUnmapped: true }));
    expect(error.code).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("opens by from(), and is converted anew where it changed", async () => {
    const root = writeCsv(folder("f"));
    const store = join(folder("t"), "s.medsdb");
    const imports: boolean[] = [];
    for (const [deaths, keepUnmapped] of [
      [1, false],
      [1, false],
      [1, true],
      [0, true],
    ] as const) {
      if (deaths === 0) rmSync(join(root, "death.csv"));
      let imported = false;
      const onProgress = () => {
        imported = true;
      };
      const db = await PatientDatabase.from(root, { store, keepUnmapped, onProgress });
      imports.push(imported);
      expect(lines(store).filter((line) => line.includes("MEDS_DEATH"))).toHaveLength(deaths);
      db.close();
    }
    expect(imports).toEqual([true, false, true, true]);
  });

  it("is converted by the command", async () => {
    const store = join(folder("t"), "s.medsdb");
    const { code, stdout, stderr } = await meds("convert", writeCsv(folder("f")), store, "--keep-unmapped", "--progress", "none");
    // One of six conditions names nothing by which it could be kept.
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^warning: condition_occurrence: 1 of 6 rows [^\n]*\n$/)]);
    expect(stdout).toMatch(/^3 patients, 45 events/);
    expect((await meds("convert", writeCsv(folder("f")), store)).stderr).toContain("MEDS_STORE_EXISTS");
  });

  it("refuses a signal and a callback that are none, in every function that reads tables", async () => {
    const [tables, target] = [writeCsv(folder("f")), folder("t")];
    const [made, store] = [await converted(tables), join(target, "s.medsdb")];
    for (const wrong of [{ signal: 5 }, { signal: {} }, { onProgress: 5 }] as never[])
      for (const call of [
        () => PatientDatabase.from(tables, { ...(wrong as object), store }),
        () => convert(tables, store, wrong),
        () => inspect(tables, wrong),
        () => verify(made.store, tables, wrong),
      ])
        expect(await rejected(call()), String(call)).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(readdirSync(target)).toEqual([]);
  });

  it("leaves nothing where the conversion is cancelled", async () => {
    for (const abortAt of [0, 1, 2, 3]) {
      const target = folder("t");
      const stop = new AbortController();
      let seen = 0;
      const onProgress = () => {
        if (seen++ === abortAt) stop.abort();
      };
      expect(await rejected(convert(writeCsv(folder("f")), join(target, "s.medsdb"), { signal: stop.signal, onProgress }))).toMatchObject({
        code: "MEDS_CANCELLED",
      });
      expect(readdirSync(target)).toEqual([]);
    }
  });
});

/** A date in a column of times is a midnight where columns have types: meds_etl and this package read it so. */
const typed: Tables = {
  ...clinic,
  drug_exposure: clinic.drug_exposure!.replace("2020-01-09,2020-01-09,", "2020-01-09,2020-01-09 23:59:59,"),
};

const each = (change: (text: string) => string): Tables =>
  Object.fromEntries(Object.entries(clinic).map(([table, text]) => [table, change(text)]));
const capitals = (tables: Tables): Tables =>
  Object.fromEntries(Object.entries(tables).map(([table, text]) => [table, text.replace(/^[^\n]*/, (header) => header.toUpperCase())]));
const quoted = (value: string, column: number, row: number) => (value === "" && row > 0 && column === 0 ? "" : `"${value}"`);

/** Ids of visits and concepts as 100.0. */
function decimals(tables: Tables): Tables {
  const change = (text: string) => {
    const names = text.slice(0, text.indexOf("\n")).split(",");
    return mapped(text, (value, column, row) =>
      row > 0 && /visit_occurrence_id|_concept_id$/.test(names[column]!) && /^\d+$/.test(value) ? `${value}.0` : value,
    );
  };
  const { visit_occurrence, drug_exposure, measurement } = tables;
  return { ...tables, visit_occurrence: change(visit_occurrence!), drug_exposure: change(drug_exposure!), measurement: measurement! };
}

function older(): Tables {
  const visits = clinic.visit_occurrence!.replaceAll("discharged_to_", "discharge_to_").replaceAll("admitted_from_", "admitting_source_");
  return { ...clinic, visit_occurrence: visits };
}

/** Tables of concepts with tabs and without quotes. */
function athena(): Tables {
  const plain = (text: string) =>
    text
      .replace(/"([^"]*)"/g, (_, inner: string) => inner.replaceAll(",", "\u0001"))
      .replaceAll(",", "\t")
      .replaceAll("\u0001", ",");
  return Object.fromEntries(["concept", "concept_relationship", "concept_ancestor"].map((table) => [table, plain(clinic[table]!)]));
}

/** A table's records: a line break may stand in quotes. */
const records = (text: string) => text.match(/(?:"[^"]*"|[^"\n])+(?=\n)/g)!;

/** Every table in three files, record by record. */
function split(tables: Tables = brief): [string, string[]][] {
  return Object.entries(tables).map(([table, text]) => {
    const [header, ...rest] = records(text);
    return [table, [0, 1, 2].map((i) => [header, ...rest.filter((_, row) => row % 3 === i)].map((record) => `${record}\n`).join(""))];
  });
}

function pieces(name: (table: string, i: number) => string): string {
  const root = folder("f");
  for (const [table, texts] of split()) for (const [i, text] of texts.entries()) writeCsv(root, { [table]: text }, () => name(table, i));
  return root;
}

async function piecesOfParquet(): Promise<string> {
  const root = folder("f");
  for (const [table, texts] of split())
    for (const [i, text] of texts.entries()) await writeParquet(root, { [table]: text }, () => `${table}/part-0000${i}.parquet`);
  return root;
}

function swapped(): string {
  const root = pieces((table, i) => `${table}/${i}.csv`);
  const [, texts] = split().find(([table]) => table === "measurement")!;
  const reversed = texts.map((text) =>
    text
      .split("\n")
      .map((line) => line.split(",").reverse().join(","))
      .join("\n"),
  );
  writeFileSync(join(root, "measurement/0.csv"), reversed[0]!);
  return root;
}
