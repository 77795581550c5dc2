// The vocabulary: what each concept's code is, and what codes.parquet says of the codes that events have.
import { type Duck, literal } from "./duck.js";
import type { Reading } from "./sql.js";

/** Makes the table `concept (id, code, name)`; a concept without vocabulary or code has none. It is empty where the source has no such table. */
export async function loadConcepts(duck: Duck, readings: readonly Reading[]): Promise<void> {
  const rows = readings.map((reading) => {
    for (const name of ["concept_id", "vocabulary_id", "concept_code"]) reading.need(name);
    const code = `${reading.text("vocabulary_id")} || '/' || ${reading.text("concept_code")}`;
    return `SELECT ${reading.integer("concept_id")} AS id, ${code} AS code, ${reading.text("concept_name")} AS name FROM ${reading.from}`;
  });
  const all =
    rows.length === 0 ? "SELECT NULL::BIGINT AS id, NULL::VARCHAR AS code, NULL::VARCHAR AS name WHERE false" : rows.join(" UNION ALL ");
  // One row a concept: a join must not double events where the files repeat one.
  const sql = `CREATE TEMP TABLE concept AS SELECT id, min(code) AS code, min(name) AS name FROM (${all}) WHERE id IS NOT NULL GROUP BY id`;
  await duck.run(
    sql,
    readings.flatMap(({ paths }) => paths),
  );
}

/** Tables that say which concept stands above which. */
export interface Ladders {
  readonly relationship: readonly Reading[];
  readonly ancestor: readonly Reading[];
}

/** Concepts above this id are the source's own, which no vocabulary elsewhere describes. */
const LOCAL = 2_000_000_000;

/**
 * Writes codes.parquet: the codes of the events, of the source's own concepts, and all above them. Parents are what a concept "Maps to", which is all that meds_etl takes, and its
 * ancestors one step up.
 */
export async function writeCodes(duck: Duck, { relationship, ancestor }: Ladders, events: string, out: string): Promise<void> {
  const steps = [
    ...relationship.map((reading) => {
      const [from, to] = [reading.need("concept_id_1"), reading.need("concept_id_2")];
      const ends = `${reading.integer(from)} AS child, ${reading.integer(to)} AS parent`;
      return `SELECT ${ends} FROM ${reading.from} WHERE ${reading.text(reading.need("relationship_id"))} = 'Maps to'`;
    }),
    ...ancestor.map((reading) => {
      const [to, from] = [reading.need("ancestor_concept_id"), reading.need("descendant_concept_id")];
      const ends = `${reading.integer(from)} AS child, ${reading.integer(to)} AS parent`;
      return `SELECT ${ends} FROM ${reading.from} WHERE ${reading.integer(reading.need("min_levels_of_separation"))} = 1`;
    }),
  ];
  const none = "SELECT NULL::BIGINT AS child, NULL::BIGINT AS parent WHERE false";
  await duck.run(
    `CREATE TEMP TABLE above AS SELECT DISTINCT c.code AS child, p.code AS parent FROM (${[none, ...steps].join(" UNION ALL ")}) AS s
     JOIN concept AS c ON c.id = s.child JOIN concept AS p ON p.id = s.parent WHERE c.code <> p.code`,
    [...relationship, ...ancestor].flatMap(({ paths }) => paths),
  );
  await duck.run(
    `COPY (
       WITH RECURSIVE reached(code) AS (
         SELECT code FROM ${events} WHERE code IS NOT NULL
         UNION SELECT code FROM concept WHERE id > ${LOCAL} AND code IS NOT NULL
         UNION SELECT above.parent FROM reached JOIN above ON above.child = reached.code
       )
       SELECT reached.code, n.name AS description, coalesce(p.parents, []::VARCHAR[]) AS parent_codes FROM reached
       LEFT JOIN (SELECT code, arg_min(name, id) AS name FROM concept GROUP BY code) AS n ON n.code = reached.code
       LEFT JOIN (SELECT child, list(parent ORDER BY parent) AS parents FROM above GROUP BY child) AS p ON p.child = reached.code
       ORDER BY reached.code
     ) TO ${literal(out)} (FORMAT parquet)`,
  );
}
