// Random OMOP tables: whatever they are written as, one store, whose events a few lines of TypeScript tell beforehand; and whatever is done to a file, an
// error or a whole store.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type ConvertOptions, convert, MedsError, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duckdb } from "../cli/run.js";
import { folder, place } from "../support/folder.js";
import { typeOf } from "../support/omop.js";
import { runs } from "../support/property.js";

const seed = Number(process.env.MEDS_PROPERTY_SEED ?? 20240601);

/** A cell as text; null is empty. */
type Cell = string | null;
type Row = Readonly<Record<string, Cell>>;
type Data = Readonly<Record<string, { readonly columns: readonly string[]; readonly rows: readonly Row[] }>>;

const maybe = (cell: fc.Arbitrary<string>) => fc.option(cell, { freq: 3 });
const person = fc.constantFrom("1", "2", "-5", "9007199254740993", "-9223372036854775808", "9223372036854775807");
/** Concepts that are in the table, and ones that are not: none, unknown, negative. */
const KNOWN = {
  "8": "Visit/UNK",
  "11": 'SNOMED/a,"b"',
  "12": "LOINC/2345-7",
  "-13": "LOCAL/é\n𝒳",
  "2000000001": "LOCAL/x",
  "46235038": "LOINC/34109-9",
};
const concept = maybe(fc.constantFrom(...Object.keys(KNOWN), "0", "77777", "-1"));
const visit = maybe(fc.constantFrom("100", "-7", "9007199254740993"));
const text = maybe(
  fc.oneof(
    fc.constantFrom(
      "NULL",
      "nan",
      "-inf",
      "1e39",
      "1_000",
      " 7 ",
      "\t",
      "''",
      '"',
      '""',
      ",",
      "\n",
      "\r\n",
      "\\",
      "\\N",
      "#",
      "é",
      "𝒳",
      "\u00a0",
      "a/b",
      "true",
    ),
    fc.string({ unit: fc.constantFrom(..."ab0.,;\"' \n\t\\é"), minLength: 1, maxLength: 12 }),
  ),
);
const number = maybe(fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => String(value / 8)));
const within = (min: number, max: number) => fc.integer({ min, max }).map(String);
const micros = fc.integer({ min: Date.UTC(1800, 0, 1), max: Date.UTC(2200, 0, 1) });
const datetime = maybe(
  micros.map((at) =>
    new Date(at)
      .toISOString()
      .replace("T", " ")
      .replace(/(\.000)?Z$/, ""),
  ),
);
const date = maybe(micros.map((at) => new Date(at).toISOString().slice(0, 10)));

/** The columns of each table, with what may stand in them. Those of the first list are always there. */
const TABLES: Readonly<
  Record<string, readonly [Readonly<Record<string, fc.Arbitrary<Cell>>>, Readonly<Record<string, fc.Arbitrary<Cell>>>]>
> = {
  person: [
    {
      person_id: person,
      year_of_birth: maybe(within(1850, 2020)),
      gender_concept_id: concept,
      race_concept_id: concept,
      ethnicity_concept_id: concept,
    },
    { month_of_birth: maybe(within(1, 12)), day_of_birth: maybe(within(1, 28)), birth_datetime: datetime, gender_source_value: text },
  ],
  visit_occurrence: [
    { person_id: person, visit_concept_id: concept, visit_start_date: date },
    { visit_occurrence_id: visit, visit_start_datetime: datetime, visit_end_datetime: datetime, visit_source_concept_id: concept },
  ],
  condition_occurrence: [
    { person_id: person, condition_concept_id: concept, condition_start_date: date },
    { condition_start_datetime: datetime, condition_source_value: text, condition_source_concept_id: concept, visit_occurrence_id: visit },
  ],
  measurement: [
    { person_id: person, measurement_concept_id: concept, measurement_datetime: datetime },
    {
      measurement_date: date,
      value_as_number: number,
      value_source_value: text,
      unit_source_value: text,
      unit_concept_id: concept,
      value_as_concept_id: concept,
      measurement_source_value: text,
    },
  ],
  note: [
    { person_id: person, note_class_concept_id: concept, note_date: date, note_text: text },
    { note_id: visit, note_datetime: datetime },
  ],
};

const concepts: Data[string] = {
  columns: ["concept_id", "concept_name", "vocabulary_id", "concept_code"],
  rows: Object.entries(KNOWN).map(([id, code]) => {
    const cut = code.indexOf("/");
    return { concept_id: id, concept_name: `The "${id}"`, vocabulary_id: code.slice(0, cut), concept_code: code.slice(cut + 1) };
  }),
};

const data: fc.Arbitrary<Data> = fc
  .record(
    Object.fromEntries(
      Object.entries(TABLES).map(([table, [always, sometimes]]) => [
        table,
        fc.subarray(Object.keys(sometimes)).chain((more) => {
          const cells = { ...always, ...sometimes };
          const columns = [...Object.keys(always), ...more];
          const row = fc.record(Object.fromEntries(columns.map((column) => [column, cells[column]!])));
          // A person before all: tables without any are no CDM that people have.
          return fc.array(row, { minLength: table === "person" ? 1 : 0, maxLength: 8 }).map((rows) => ({ columns, rows }));
        }),
      ]),
    ),
  )
  .map((tables) => ({ ...tables, concept: concepts }));

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

/** A table as CSV: fields in quotes where they must be, and all of every other row's. */
function csv({ columns, rows }: Data[string]): string {
  const line = (row: Row, i: number) =>
    columns.map((column) => (row[column] == null ? "" : i % 2 === 1 || /[",\r\n]/.test(row[column]) ? quoted(row[column]) : row[column]));
  return [columns, ...rows.map(line)].map((cells) => `${cells.join(",")}\n`).join("");
}

const literal = (cell: Cell) => (cell === null ? "NULL::VARCHAR" : `'${cell.replaceAll("'", "''")}'`);

/** Writes the tables as Parquet with the types of the CDM: DuckDB is given the values, no CSV. */
async function writeParquet(root: string, tables: Data): Promise<string> {
  const copies = Object.entries(tables).map(([table, { columns, rows }]) => {
    const nothing = Object.fromEntries(columns.map((column) => [column, null]));
    const tuple = (row: Row, i: number) => `(${[i, ...columns.map((column) => literal(row[column] ?? null))].join(", ")})`;
    const values = [nothing, ...rows].map(tuple).join(", ");
    const typed = columns.map((column, i) => `CAST(c${i} AS ${typeOf(column)}) AS "${column}"`).join(", ");
    const names = ["i", ...columns.map((_, i) => `c${i}`)].join(", ");
    return `COPY (SELECT ${typed} FROM (VALUES ${values}) AS t(${names}) WHERE i > 0 ORDER BY i) TO '${place(root, `${table}.parquet`)}' (FORMAT parquet)`;
  });
  await duckdb(copies.join("; "));
  return root;
}

function write(root: string, tables: Data, form: "csv" | "csv.gz"): string {
  for (const [table, rows] of Object.entries(tables))
    writeFileSync(join(root, `${table}.${form}`), form === "csv" ? csv(rows) : gzipSync(csv(rows)));
  return root;
}

/** What each row gives, by the rules of docs/omop.md: subject, time in microseconds, code, table. */
function expected(tables: Data, keepUnmapped: boolean): string[] {
  const found: string[] = [];
  const micros = (text: string) => BigInt(Date.parse(`${text.replace(" ", "T")}Z`)) * 1000n;
  const known = (id: Cell | undefined) => (id == null ? undefined : (KNOWN as Record<string, string>)[id]);
  const given = (id: Cell | undefined) => id != null && id !== "0";
  const add = (row: Row, time: bigint | null, code: string | undefined, table: string) => {
    if (code !== undefined) found.push([row.person_id, time ?? "", code, table].join("|"));
  };
  const coded = (row: Row, name: string, column: string, time: bigint | null, fallback?: string) => {
    const [standard, source, called] = ["_concept_id", "_source_concept_id", "_source_value"].map((end) => row[`${column}${end}`]);
    const code = given(source) ? (known(source) ?? known(standard)) : known(given(standard) ? standard : fallback);
    const id = given(source) ? source : given(standard) ? standard : fallback;
    const title = called?.trim() || (id === undefined ? undefined : `OMOP_CONCEPT_ID/${id}`);
    add(row, time, code ?? (keepUnmapped && title !== undefined ? `UNMAPPED/${name}/${title}` : undefined), name);
  };
  const time = (row: Row, name: string) => {
    const [at, day] = [row[`${name}_datetime`], row[`${name}_date`]];
    return at != null ? micros(at) : day != null ? micros(`${day} 23:59:59`) : null;
  };
  for (const row of tables.person!.rows) {
    const part = (name: string) => (row[name] ?? "1").padStart(2, "0");
    const day =
      row.year_of_birth === null ? null : micros(`${row.year_of_birth}-${part("month_of_birth")}-${part("day_of_birth")} 00:00:00`);
    const birth = row.birth_datetime != null ? micros(row.birth_datetime) : day;
    add(row, birth, "MEDS_BIRTH", "person");
    for (const column of ["gender", "race", "ethnicity"]) coded(row, "person", column, birth);
  }
  for (const row of tables.visit_occurrence!.rows) coded(row, "visit", "visit", time(row, "visit_start"), "8");
  for (const row of tables.condition_occurrence!.rows) coded(row, "condition", "condition", time(row, "condition_start"));
  for (const row of tables.measurement!.rows) coded(row, "measurement", "measurement", time(row, "measurement"));
  for (const row of tables.note!.rows) coded(row, "note", "note_class", time(row, "note"), "46235038");
  return found.sort();
}

/** What a store holds, in the same words. */
function held(store: string): string[] {
  const db = PatientDatabase.open(store, { verify: true });
  const found = [...db].flatMap((patient) =>
    [...patient].map((event) => [patient.subjectId, event.timeMicros ?? "", event.code, event.get("table")].join("|")),
  );
  db.close();
  return found.sort();
}

describe("random tables", () => {
  it("become the events that the rules say, and one store from CSV, gzip and Parquet", async () => {
    const property = fc.asyncProperty(data, fc.boolean(), fc.constantFrom("csv", "csv.gz"), async (tables, keepUnmapped, form) => {
      const [place, target] = [folder("property"), folder("property")];
      const store = join(target, "s.medsdb");
      const options: ConvertOptions = { keepUnmapped };
      const { events } = await convert(write(place, tables, form as "csv"), store, options);
      const rows = expected(tables, keepUnmapped);
      expect(held(store)).toEqual(rows);
      expect(events).toBe(rows.length);
      expect(await verify(store, await writeParquet(folder("property"), tables))).toEqual({ ok: true, differences: [] });
      expect(readdirSync(target)).toEqual(["s.medsdb"]);
    });
    await fc.assert(property, { numRuns: Math.ceil(runs / 3), seed, endOnFailure: process.env.MEDS_PROPERTY_SHRINK === undefined });
  }, 600_000);
});

const FORMS = ["csv", "csv.gz", "parquet"] as const;
/** What is done to a file: a bit turned, the end cut off; of CSV also a column left out, or a row of which some fields are gone. */
const DAMAGES = ["flip", "cut", "column", "row"] as const;

function damaged(bytes: Buffer, form: (typeof FORMS)[number], damage: (typeof DAMAGES)[number], at: number, table: Data[string]): Buffer {
  const pack = (text: string) => (form === "csv.gz" ? gzipSync(text) : Buffer.from(text));
  if (form !== "parquet" && damage === "column") {
    const left = Math.floor(at * table.columns.length);
    return pack(csv({ ...table, columns: table.columns.filter((_, i) => i !== left) }));
  }
  if (form !== "parquet" && damage === "row") {
    const fields = Array(1 + Math.floor(at * (table.columns.length - 1))).fill("1");
    return pack(`${csv(table)}${fields.join(",")}\n`);
  }
  const place = Math.floor(at * bytes.length);
  if (damage === "cut" || damage === "row") return bytes.subarray(0, place);
  const flipped = Buffer.from(bytes);
  flipped[place]! ^= 1 << (Math.floor(at * 8e6) % 8);
  return flipped;
}

it("random tables with a damaged file are an error or a complete store, and leave nothing else", async () => {
  const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const damage = fc.record({
    table: fc.constantFrom(...Object.keys(TABLES), "concept"),
    form: fc.constantFrom(...FORMS),
    damage: fc.constantFrom(...DAMAGES),
    at,
  });
  const outcomes = new Map<string, number>();
  const property = fc.asyncProperty(data, damage, async (tables, { table, form, damage, at }) => {
    const [source, target, temp] = [folder("damage"), folder("damage"), folder("damage")];
    if (form === "parquet") await writeParquet(source, tables);
    else write(source, tables, form);
    const file = join(source, `${table}.${form}`);
    writeFileSync(file, damaged(readFileSync(file), form, damage, at, tables[table]!));
    const store = join(target, "s.medsdb");
    const error = await convert(source, store, { temp }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined && !(error instanceof MedsError)) throw error;
    outcomes.set(error?.code ?? "converted", (outcomes.get(error?.code ?? "converted") ?? 0) + 1);
    // A fault of ours is none of the file's.
    expect(error?.code, error?.message).not.toBe("MEDS_INTERNAL");
    if (error === undefined) expect(await verify(store)).toEqual({ ok: true, differences: [] });
    expect(readdirSync(target)).toEqual(error === undefined ? ["s.medsdb"] : []);
    expect(readdirSync(temp)).toEqual([]);
    for (const path of [source, target, temp]) rmSync(path, { recursive: true });
  });
  await fc.assert(property, {
    numRuns: Math.ceil((runs * 2) / 3),
    seed: seed + 1,
    endOnFailure: process.env.MEDS_PROPERTY_SHRINK === undefined,
  });
  // Both happen, or the damage is none.
  expect(outcomes.get("converted")).toBeGreaterThan(0);
  expect(outcomes.get("MEDS_SOURCE_DAMAGED")).toBeGreaterThan(0);
}, 600_000);
