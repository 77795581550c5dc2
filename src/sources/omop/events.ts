// Makes events of the rows of a table: one query for all kinds of its events. It also says how each row got
// its code.
import { literal, raise } from "./duck.js";
import { FILE, Reading } from "./sql.js";
import { type EventOf, nameOf, timesOf } from "./tables.js";

/** How a row got its code. A row without a code does not become an event. */
export const HOW = { mapped: 0, standard: 1, unmapped: 2, nothing: 3 } as const;

/**
 * Columns of the events besides subject_id, time and code, in order. Columns that no table has are left out.
 */
export const COLUMNS = [
  "numeric_value",
  "text_value",
  "table",
  "visit_id",
  "unit",
  "end",
  "clarity_table",
  "note_id",
  "source_value",
] as const;

/** How rows get their codes. */
export interface CodeOptions {
  /** Rows whose concept has no code get the code `UNMAPPED/<table>/<source value>`. */
  readonly keepUnmapped: boolean;
  /** Codes are `OMOP/<concept id>`, with or without a vocabulary. */
  readonly conceptIds: boolean;
}

/** The columns in which rows of a table can have a value. */
export function columnsOf(event: EventOf, reading: Reading, { conceptIds }: CodeOptions): string[] {
  const from: Readonly<Record<string, readonly string[]>> = {
    visit_id: ["visit_occurrence_id"],
    unit: ["unit_source_value", "unit_concept_id"],
    end: [`${event.name}_end_datetime`],
    clarity_table: ["load_table_id"],
    note_id: ["note_id"],
    source_value: conceptIds && event.concept !== undefined ? [namesOf(event, reading).named] : [],
  };
  return COLUMNS.filter((name) => from[name] === undefined || from[name].some((column) => reading.has(column)));
}

/** White space in Unicode, which meds_etl strips from values. */
const SPACE = literal(
  " \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

/** Texts that are numbers for DuckDB, but not for meds_etl: 1_000, nan(1), +-5. */
const NO_NUMBER = "(contains(value, '_') OR contains(value, '(') OR starts_with(value, '+-'))";

/** Columns that depend on the kind of event: their SQL by name. */
type KindColumns = Readonly<Record<string, string>>;

/**
 * SQL of some kinds of events of a table's files. Its column `event` is {@link nameOf} the kind, `how` says how
 * a row got its code, and `missing` is a concept without a code. DuckDB plans a query as long as it runs where
 * tables are small, so the SQL has no join or expression that these files do not need.
 */
export function eventSql(events: readonly EventOf[], reading: Reading, { keepUnmapped, conceptIds }: CodeOptions): string {
  const person = reading.integer(reading.need("person_id"));
  const kinds = events.map((event) => kindColumns(event, reading));
  const { name } = events[0]!;
  const rows = `
    SELECT coalesce(${person}, ${raise("MEDS_NULL_VALUE", FILE, [literal("A row has no person_id. Add the id, or remove the row.")])}) AS person, ${kindsSql(kinds)},
      ${reading.text("unit_source_value")} AS unit_text, ${reading.integer("unit_concept_id")} AS unit_concept, ${reading.integer("visit_occurrence_id")} AS visit,
      ${reading.time(`${name}_end_datetime`, true)} AS ended, ${reading.text("load_table_id")} AS clarity_table, ${reading.integer("note_id")} AS note_id
    FROM ${reading.from}`;
  const looked: string[] = [];
  /** SQL of the code of a concept. */
  const codeOf = (alias: string, id: string, exists: boolean) => {
    if (conceptIds || !exists) return "NULL::VARCHAR";
    looked.push(`LEFT JOIN concept AS ${alias} ON ${alias}.id = ${id}`);
    return `${alias}.code`;
  };
  // A row whose source concept is unknown gets the code of its standard concept. meds_etl drops such rows.
  const sourceCode = codeOf(
    "s",
    "nullif(source, 0)",
    kinds.some(({ source }) => source !== NO_SOURCE),
  );
  const standardId = "CASE WHEN standard <> 0 THEN standard WHEN source <> 0 THEN NULL ELSE fallback END";
  const standardCode = codeOf(
    "c",
    standardId,
    events.some(({ concept }) => concept !== undefined),
  );
  const id = "coalesce(nullif(source, 0), nullif(standard, 0), fallback)";
  const code = `coalesce(fixed, ${conceptIds ? `'OMOP/' || ${id}` : `${sourceCode}, ${standardCode}`})`;
  const unit = conceptIds ? "'OMOP/' || nullif(unit_concept, 0)" : codeOf("u", "unit_concept", reading.has("unit_concept_id"));
  const called = `coalesce(nullif(trim(named, ${SPACE}), ''), 'OMOP_CONCEPT_ID/' || ${id})`;
  // The value's concept as a text: with its id if there is a source concept, otherwise with the source's name
  // of the code.
  const instead = conceptIds
    ? "'OMOP/' || nullif(given_concept, 0)"
    : `CASE WHEN source = 0 AND given_concept <> 0 THEN 'SOURCE_CODE/' || named WHEN given_concept <> 0 THEN 'OMOP_CONCEPT_ID/' || given_concept END`;
  return `
    SELECT person AS subject_id, begun AS time,
      CASE WHEN how <= ${keepUnmapped ? HOW.unmapped : HOW.standard} THEN coalesce(known, ${literal(`UNMAPPED/${name}/`)} || called) END AS code,
      CASE WHEN ${NO_NUMBER} THEN NULL ELSE TRY_CAST(value AS FLOAT) END AS numeric_value,
      CASE WHEN numeric_value IS NULL THEN value END AS text_value,
      ${literal(name)} AS "table", visit AS visit_id, unit, ended AS "end", clarity_table, note_id,
      ${conceptIds ? "named" : "NULL::VARCHAR"} AS source_value, how, missing, event
    FROM (
      SELECT *, ${code} AS known, ${called} AS called, trim(coalesce(given, ${instead}), ${SPACE}) AS value,
        coalesce(unit_text, ${unit}) AS unit,
        CASE WHEN known IS NULL AND called IS NULL THEN ${HOW.nothing} WHEN known IS NULL THEN ${HOW.unmapped}
          WHEN ${conceptIds ? "false" : `source <> 0 AND ${sourceCode} IS NULL`} THEN ${HOW.standard} ELSE ${HOW.mapped} END AS how,
        CASE WHEN how IN (${HOW.standard}, ${HOW.unmapped}) THEN ${id} END AS missing
      FROM (${rows}) AS r ${looked.join(" ")}
    )`;
}

function kindColumns(event: EventOf, reading: Reading): KindColumns {
  return {
    event: literal(nameOf(event)),
    begun: event.table === "person" ? birth(reading) : started(event, reading),
    ...conceptOf(event, reading),
    fixed: event.code === undefined ? "NULL::VARCHAR" : literal(event.code),
    fallback: fallbackOf(event),
    given: Reading.coalesce([reading.text(event.number), reading.text(event.text)]),
    given_concept: reading.integer(event.valueConcept),
  };
}

/** SQL of these columns. If there are several kinds, each row becomes one row for each kind. */
function kindsSql(kinds: readonly KindColumns[]): string {
  const [first] = kinds;
  const names = Object.keys(first!);
  const differing = names.filter((name) => kinds.some((kind) => kind[name] !== first![name]));
  const columns = names.filter((name) => !differing.includes(name)).map((name) => `${first![name]} AS ${name}`);
  const struct = (kind: KindColumns) => `{${differing.map((name) => `${name}: ${kind[name]}`).join(", ")}}`;
  if (differing.length > 0) columns.push(`unnest([${kinds.map(struct).join(", ")}], max_depth := 2)`);
  return columns.join(", ");
}

/** SQL of the ids of the concepts that {@link eventSql} looks up: one column, with duplicates. */
export function conceptIdsSql(events: readonly EventOf[], reading: Reading): string {
  const ids = events.flatMap((event) => {
    const { standard, source } = conceptOf(event, reading);
    return [standard, source, fallbackOf(event)];
  });
  return `SELECT unnest([${[...ids, reading.integer("unit_concept_id")].join(", ")}]) AS id FROM ${reading.from}`;
}

const fallbackOf = ({ fallback }: EventOf) => `${fallback ?? "NULL"}::BIGINT`;

/** SQL of the source concept of rows that have none. */
const NO_SOURCE = "0::BIGINT";

/** The columns of a row's concepts, and of its name in the source. */
function namesOf({ concept, older }: EventOf, reading: Reading): { column: string; source: string; named: string } {
  const column = reading.need(concept, older);
  return { column, source: column.replace("_concept_id", "_source_concept_id"), named: column.replace("_concept_id", "_source_value") };
}

/** SQL of a row's concepts, and of its name in the source. */
function conceptOf(event: EventOf, reading: Reading): { standard: string; source: string; named: string } {
  if (event.concept === undefined) return { standard: "NULL::BIGINT", source: NO_SOURCE, named: "NULL::VARCHAR" };
  const { column, source, named } = namesOf(event, reading);
  return {
    standard: reading.integer(column),
    // A missing column counts as 0, a null does not: as in meds_etl.
    source: reading.has(source) ? reading.integer(source) : NO_SOURCE,
    named: reading.text(named),
  };
}

function started(event: EventOf, reading: Reading): string {
  const times = timesOf(event).filter((name) => reading.has(name));
  if (times.length === 0) reading.need(...timesOf(event));
  return Reading.coalesce(times.map((name) => reading.time(name, true)));
}

/** The time of a person's birth, which is also the time of gender, race and ethnicity. */
function birth(reading: Reading): string {
  const [year, month, day] = ["year_of_birth", "month_of_birth", "day_of_birth"].map((name) => reading.integer(name));
  if (!reading.has("birth_datetime")) reading.need("year_of_birth");
  const made = `TRY_CAST(format('{:04d}-{:02d}-{:02d}', ${year}, coalesce(${month}, 1), coalesce(${day}, 1)) AS TIMESTAMP)`;
  const text = [literal("year_of_birth, month_of_birth and day_of_birth"), reading.whose, literal(" are not a valid date. Correct them.")];
  const wrong = raise("MEDS_COLUMN_TYPE", FILE, text);
  return `coalesce(${reading.time("birth_datetime", false)}, CASE WHEN ${year} IS NOT NULL THEN coalesce(${made}, ${wrong}) END)`;
}
