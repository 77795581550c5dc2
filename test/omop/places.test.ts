// Where OMOP tables are: archives of folders, and DuckDB databases.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { convert, inspect, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { tarred, zipped } from "../support/archive.js";
import { writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { clinic as all, brief, lines, type Tables, typeOf, writeCsv } from "../support/omop.js";
import { good } from "../support/refused.js";

/** Of the clinic what a form of its own needs: ids, dates and times, the vocabulary, the version. */
const clinic: Tables = {
  ...brief,
  ...Object.fromEntries(
    ["visit_occurrence", "drug_exposure", "concept_relationship", "concept_ancestor", "cdm_source"].map((table) => [table, all[table]!]),
  ),
};

async function converted(source: string): Promise<string[]> {
  const target = folder("omop");
  await convert(source, join(target, "s.medsdb"));
  expect(readdirSync(target)).toEqual(["s.medsdb"]);
  return lines(join(target, "s.medsdb"));
}

const expected = converted(writeCsv(folder("clinic"), clinic));

/** Runs SQL in a database's file. */
async function sql(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** The clinic as a database, as Eunomia has it. */
async function database(schema = "main", name = (table: string) => table, tables: Tables = clinic): Promise<string> {
  const [csv, path] = [writeCsv(folder("csv"), tables), join(folder("duckdb"), "eunomia.duckdb")];
  const made = Object.entries(tables).map(([table, text]) => {
    const columns = text.slice(0, text.indexOf("\n")).split(",");
    const values = columns.map((column) => `CAST("${column}" AS ${typeOf(column) === "DATE" ? "DATE" : typeOf(column)}) AS "${column}"`);
    return `CREATE TABLE "${schema}"."${name(table)}" AS SELECT ${values.join(", ")} FROM read_csv('${join(csv, `${table}.csv`)}', all_varchar=true, header=true, quote='"', escape='"', delim=',')`;
  });
  await sql(path, `CREATE SCHEMA IF NOT EXISTS "${schema}"`, ...made);
  return path;
}

/** A date in a column of times is midnight where columns have types. */
const typed: Tables = {
  ...clinic,
  drug_exposure: clinic.drug_exposure!.replace("2020-01-09,2020-01-09,", "2020-01-09,2020-01-09 23:59:59,"),
};

const nested = (name: string) => {
  const root = folder("f");
  writeCsv(join(root, name), clinic);
  return root;
};

describe("an archive of OMOP tables", () => {
  const archives: [string, () => string | Promise<string>][] = [
    [".zip with __MACOSX", () => zipped(writeCsv(folder("f"), clinic))],
    [".zip with one folder", () => zipped(nested("GiBleed_5.3"))],
    [".zip with a folder called data", () => zipped(nested("data"))],
    [".zip of gzip", () => zipped(writeCsv(folder("f"), clinic, (table) => `cdm/${table}.csv.gz`))],
    [".zip of capitals and pieces", () => zipped(writeCsv(folder("f"), clinic, (table) => `${table.toUpperCase()}/0.CSV`))],
    [".tar.gz", () => tarred(writeCsv(folder("f"), clinic), "omop.tar.gz")],
    [".tgz with folders", () => tarred(nested("a/b/cdm"), "omop.tgz")],
    [".tar", () => tarred(writeCsv(folder("f"), clinic), "omop.tar")],
    [
      ".zip of a DuckDB database",
      async () => {
        const root = folder("f");
        cpSync(await database("main", undefined, typed), join(root, "cdm.duckdb"));
        return zipped(root);
      },
    ],
  ];
  it.each(archives)("is converted: %s", async (_, make) => {
    expect(await converted(await make())).toEqual(await expected);
  });

  it("is opened by from() and made anew where it changed; verify() and inspect() read it", async () => {
    const [first, second] = [
      zipped(writeCsv(folder("f"), clinic)),
      zipped(writeCsv(folder("f"), { ...clinic, death: clinic.death!.replace("2022-11-11", "2022-11-12") })),
    ];
    const store = join(folder("t"), "s.medsdb");
    const imports: boolean[] = [];
    for (const path of [first, first, second]) {
      writeFileSync(first, readFileSync(path));
      let imported = false;
      (await PatientDatabase.from(first, { store, onProgress: () => (imported = true) })).close();
      imports.push(imported);
    }
    expect(imports).toEqual([true, false, true]);
    expect(await verify(store, first)).toEqual({ ok: true, differences: [] });
    const other = zipped(writeCsv(folder("f"), clinic));
    expect(new Set((await verify(store, other)).differences.map(({ subject }) => subject))).toEqual(new Set(["2"]));
    const [packed, plain] = [await inspect(other), await inspect(writeCsv(folder("f"), clinic))];
    expect({ ...packed, path: "", bytes: 0 }).toEqual({ ...plain, path: "", bytes: 0 });
    expect(packed.path).toBe(other);
    expect((await meds("verify", store, first)).code).toBe(0);
  });

  it("is not one of MEDS whose files only begin as a table does, nor one that has a table beside it", async () => {
    for (const beside of ["person_ids.csv", "m/metadata/person_mapping.parquet", "person.csv"]) {
      const root = folder("f");
      await writeSimple(join(root, "z"), good);
      writeFileSync(place(root, beside.replace("m/", "z/")), "x");
      expect((await convert(zipped(root), join(folder("t"), "s.medsdb"))).events).toBe(good.length);
    }
  });

  it("is refused where it is damaged or has several datasets; messages name it, and nothing stays", async () => {
    const target = folder("t");
    const refused = (path: string) => rejected(convert(path, join(target, "s.medsdb")));
    const wrong = zipped(writeCsv(folder("f"), { ...clinic, death: clinic.death!.replace("2,2022", "two,2022") }));
    expect(await refused(wrong)).toMatchObject({ code: "MEDS_COLUMN_TYPE", path: join(wrong, "death.csv") });
    expect((await inspect(wrong)).problem).toContain(join(wrong, "death.csv"));
    const cut = tarred(writeCsv(folder("f"), clinic), "cut.tar.gz");
    writeFileSync(cut, readFileSync(cut).subarray(0, -100));
    expect(await refused(cut)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path: cut });
    const root = nested("a");
    cpSync(join(root, "a"), join(root, "b"), { recursive: true });
    const two = tarred(root, "two.tar");
    expect(await refused(two)).toMatchObject({ code: "MEDS_NO_DATA", path: two, message: expect.stringContaining("2 datasets (a, b)") });
    const linked = folder("f");
    mkdirSync(join(linked, "cdm"));
    writeCsv(join(linked, "cdm"), clinic);
    writeFileSync(place(linked, "meds", "data", "0.parquet"), "PAR1");
    expect((await refused(zipped(linked))).code).toBe("MEDS_NO_DATA");
    expect(readdirSync(target)).toEqual([]);
  });
});

describe("a DuckDB database of OMOP tables", () => {
  const databases: [string, () => Promise<string>][] = [
    ["in main", () => database("main", undefined, typed)],
    ["in another schema, in capitals", () => database("CDM", (table) => table.toUpperCase(), typed)],
    [
      "whatever its file is called",
      async () => {
        const path = await database("main", undefined, typed);
        const other = join(folder("f"), "eunomia.db");
        renameSync(path, other);
        return other;
      },
    ],
    [
      "as views, with the vocabulary in another schema and empty tables of the same names in a third",
      async () => {
        const path = await database("raw", undefined, typed);
        const vocabulary = ["concept", "concept_relationship", "concept_ancestor"];
        const clinical = Object.keys(clinic).filter((table) => !vocabulary.includes(table));
        await sql(
          path,
          ...["cdm", "vocab", "empty"].map((schema) => `CREATE SCHEMA ${schema}`),
          ...clinical.map((table) => `ALTER TABLE raw.${table} RENAME TO source_${table}`),
          ...clinical.map((table) => `CREATE VIEW cdm.${table} AS SELECT * FROM raw.source_${table}`),
          ...vocabulary.map((table) => `CREATE TABLE vocab.${table} AS FROM raw.${table}`),
          ...vocabulary.map((table) => `DROP TABLE raw.${table}`),
          ...Object.keys(clinic).map((table) => `CREATE TABLE empty.${table} (x INTEGER)`),
        );
        return path;
      },
    ],
    [
      "as text throughout",
      async () => {
        const csv = writeCsv(folder("csv"), clinic);
        const path = join(folder("f"), "texts.duckdb");
        await sql(
          path,
          ...Object.keys(clinic).map(
            (table) =>
              `CREATE TABLE ${table} AS FROM read_csv('${join(csv, `${table}.csv`)}', all_varchar=true, header=true, quote='"', escape='"', delim=',')`,
          ),
        );
        return path;
      },
    ],
  ];
  it.each(databases)("is converted: %s", async (_, make) => {
    expect(await converted(await make())).toEqual(await expected);
  });

  it("is opened by from() and made anew where it changed; verify() and inspect() read it", async () => {
    const path = await database("cdm", undefined, typed);
    const store = join(folder("t"), "s.medsdb");
    const imports: boolean[] = [];
    for (const change of [undefined, undefined, "UPDATE cdm.death SET death_date = '2022-11-12'"]) {
      if (change !== undefined) await sql(path, change);
      let imported = false;
      (await PatientDatabase.from(path, { store, onProgress: () => (imported = true) })).close();
      imports.push(imported);
    }
    expect(imports).toEqual([true, false, true]);
    expect(await verify(store, path)).toEqual({ ok: true, differences: [] });
    const before = await verify(store, await database("main", undefined, typed));
    expect(new Set(before.differences.map(({ subject }) => subject))).toEqual(new Set(["2"]));
    const [found, plain] = [await inspect(path), await inspect(writeCsv(folder("f"), clinic))];
    expect(found).toMatchObject({
      format: "omop",
      version: "5.4",
      files: 1,
      rows: plain.rows,
      subjects: 3,
      problem: null,
      prefixes: plain.prefixes,
    });
    expect(found.tables.map(({ name, rows }) => [name, rows])).toEqual(plain.tables.map(({ name, rows }) => [name, rows]));
    expect(found.tables.find(({ name }) => name === "death")!.columns[0]).toEqual({ name: "person_id", type: "bigint" });
    expect((await meds("inspect", path)).stdout).toContain("OMOP CDM, version 5.4");
  });

  it("may be the vocabulary of other tables", async () => {
    const { concept: _, concept_relationship: __, concept_ancestor: ___, ...rest } = clinic;
    const store = join(folder("t"), "s.medsdb");
    await convert(writeCsv(folder("f"), rest), store, { vocabulary: await database("vocab", undefined, typed) });
    expect(lines(store)).toEqual(await expected);
  });

  it("is refused where it cannot be read, or is none of them", async () => {
    const target = folder("t");
    const refused = async (path: string) => {
      const error = await rejected(convert(path, join(target, "s.medsdb")));
      expect(readdirSync(target)).toEqual([]);
      expect([error.path, (await inspect(path)).problemCode]).toEqual([path, error.code]);
      return error;
    };
    const other = join(folder("f"), "other.duckdb");
    await sql(other, "CREATE TABLE sales (x INTEGER)");
    expect(await refused(other)).toMatchObject({ code: "MEDS_NO_DATA", message: expect.stringContaining("main.sales") });
    const version = await database();
    const bytes = readFileSync(version);
    bytes.writeUInt32LE(43, 12);
    // DuckDB's checksum of its first header, without which the file is damaged and not old.
    let sum = 5381n;
    for (let at = 8; at < 4096; at += 8) sum ^= BigInt.asUintN(64, bytes.readBigUInt64LE(at) * 0xbf58476d1ce4e5b9n);
    bytes.writeBigUInt64LE(sum, 0);
    writeFileSync(version, bytes);
    const error = await refused(version);
    expect([error.code, error.message.includes("EXPORT DATABASE")]).toEqual(["MEDS_SOURCE_VERSION", true]);
    const cut = await database();
    writeFileSync(cut, readFileSync(cut).subarray(0, 5000));
    expect((await refused(cut)).code).toBe("MEDS_SOURCE_DAMAGED");
    const twice = await database();
    await sql(twice, "CREATE SCHEMA other", "CREATE TABLE other.person AS FROM main.person");
    const both = await refused(twice);
    expect([both.code, both.message.includes("main.person, other.person")]).toEqual(["MEDS_SCHEMA_CONFLICT", true]);
    const csv = writeCsv(folder("csv"), clinic);
    const outside = await database();
    await sql(outside, "DROP TABLE death", `CREATE VIEW death AS FROM read_csv('${join(csv, "death.csv")}')`);
    const view = await refused(outside);
    expect([view.code, view.message.includes("files outside of it")]).toEqual(["MEDS_SOURCE_DAMAGED", true]);
    const broken = await database();
    await sql(broken, "ALTER TABLE death RENAME TO dead", "CREATE VIEW death AS FROM dead", "DROP TABLE dead");
    const gone = await refused(broken);
    expect([gone.code, gone.message.includes("The view main.death cannot be read")]).toEqual(["MEDS_SOURCE_DAMAGED", true]);
    const wrong = await database("main", undefined, { ...clinic, death: clinic.death!.replace("2,2022-11-11", ",2022-11-11") });
    expect(await refused(wrong)).toMatchObject({ code: "MEDS_NULL_VALUE", message: expect.stringContaining("table main.death") });
  });
});
