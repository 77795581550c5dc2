// The vocabulary: what each concept's code is, and what codes.parquet says of the codes that events have. A whole one has millions of concepts and tens of
// millions of steps between them, of which events name thousands: it lies in files that queries pass over, and what is held are those.
import { join } from "node:path";
import { demographicsSql } from "./demographics.js";
import { type Duck, literal, parquet } from "./duck.js";
import type { Reading } from "./sql.js";
import type { Layer } from "./vocabulary.js";

/** Concepts above this id are the source's own, which no vocabulary elsewhere describes. */
const LOCAL = 2_000_000_000;

/** What was found while concepts were read. */
export interface Loaded {
  /** Concepts with several codes in one vocabulary. */
  readonly several: bigint;
  /** Concepts that several vocabularies have with different codes or names. */
  readonly differing: bigint;
}

/** The layer of the concepts that are known without a vocabulary: behind all others. */
const KNOWN = 1_000_000;
/** A concept's id as its code, as SQL. */
const OF_ID = "'OMOP/' || id";

/** The concepts of a source; `folder` is for its files. */
export class Concepts {
  private readonly duck: Duck;
  /** All concepts, as SQL: (id, code, name). */
  private readonly all: string;
  private readonly folder: string;

  constructor(duck: Duck, folder: string) {
    this.duck = duck;
    this.folder = folder;
    this.all = parquet([join(folder, "concepts.parquet")], "file_row_number=true");
  }

  /**
   * Makes the table `concept (id, code, name)` of those whose ids `used` gives (SQL; null for all); a concept without vocabulary or code has none. What is
   * in several layers counts from the first. `conceptIds` makes the ids the codes.
   */
  async load(layers: readonly Layer[], used: string | null, conceptIds: boolean, demographics: boolean): Promise<Loaded> {
    const rows = layers.flatMap(({ concept }, layer) => concept.map((reading) => conceptSql(reading, conceptIds, layer)));
    const known = demographics
      ? [`SELECT id, ${conceptIds ? OF_ID : "code"} AS code, name, ${KNOWN} AS layer FROM (${demographicsSql()})`]
      : [];
    const none = "SELECT NULL::BIGINT AS id, NULL::VARCHAR AS code, NULL::VARCHAR AS name, NULL::INTEGER AS layer WHERE false";
    const all = [none, ...known, ...rows].join(" UNION ALL ");
    await this.duck.run("SET preserve_insertion_order = true");
    const readings = layers.flatMap(({ concept }) => concept);
    await this.write("concepts.parquet", `SELECT * FROM (${all}) WHERE id IS NOT NULL`, readings);
    await this.duck.run("SET preserve_insertion_order = false");
    const ids = used ?? `SELECT id FROM ${this.all}`;
    await this.duck.run(`CREATE TEMP TABLE concept AS ${this.some(ids)}`);
    const own = `SELECT id, layer, code, name FROM ${this.all} WHERE layer < ${KNOWN} AND id IN (${ids})`;
    const [several] = await this.duck.rows<{ n: bigint }>(
      `SELECT count(DISTINCT id) AS n FROM (SELECT id, layer FROM (${own}) GROUP BY id, layer HAVING min(code) <> max(code))`,
    );
    const [differing] = await this.duck.rows<{ n: bigint }>(
      `SELECT count(*) AS n FROM (SELECT id FROM (${own}) GROUP BY id HAVING min(layer) < max(layer) AND (min(code) <> max(code) OR min(name) <> max(name)))`,
    );
    return { several: several!.n, differing: differing!.n };
  }

  /**
   * Writes codes.parquet: the codes of the events, of the source's own concepts, and all above them. Parents are what a concept "Maps to", which is all that meds_etl takes, its
   * ancestors one step up, and those further up that no such steps lead to.
   */
  async writeCodes(layers: readonly Layer[], events: string, out: string): Promise<void> {
    const { duck } = this;
    await duck.run(`CREATE TEMP TABLE told AS SELECT DISTINCT code FROM ${events} WHERE code IS NOT NULL`);
    await duck.run(`CREATE TEMP TABLE used_concept AS ${this.coded("SELECT code FROM told")}`);
    const ladders = await this.write("ladders.parquet", stepsSql(layers, "SELECT id FROM used_concept"), laddersOf(layers));
    const near = `(SELECT child, parent FROM ${ladders} WHERE near)`;
    await duck.run("CREATE TEMP TABLE reached (id BIGINT, code VARCHAR, name VARCHAR)");
    await this.climb(near, `SELECT * FROM used_concept UNION ${this.some(`SELECT id FROM ${this.all} WHERE id > ${LOCAL}`)}`);
    await this.bridge(near, `(SELECT child, parent FROM ${ladders} WHERE NOT near)`);
    await this.climb(near, this.some("SELECT parent FROM far WHERE parent NOT IN (SELECT id FROM reached)"));
    await duck.run(
      `CREATE TEMP TABLE above AS SELECT DISTINCT c.code AS child, p.code AS parent FROM (FROM ${near} UNION ALL FROM far) AS s
       JOIN reached AS c ON c.id = s.child JOIN reached AS p ON p.id = s.parent WHERE c.code <> p.code`,
    );
    await this.duck.run(
      `COPY (
         SELECT r.code, n.name AS description, coalesce(p.parents, []::VARCHAR[]) AS parent_codes
         FROM (SELECT code FROM told UNION SELECT code FROM reached) AS r
         LEFT JOIN (SELECT code, arg_min(name, id) AS name FROM reached GROUP BY code) AS n ON n.code = r.code
         LEFT JOIN (SELECT child, list(parent ORDER BY parent) AS parents FROM above GROUP BY child) AS p ON p.child = r.code
         ORDER BY r.code
       ) TO ${literal(out)} (FORMAT parquet)`,
    );
  }

  /** Reads what {@link writeCodes} would read: wrong values end it as they end that. */
  async check(layers: readonly Layer[]): Promise<void> {
    const paths = laddersOf(layers).flatMap((reading) => reading.paths);
    await this.duck.run(`SELECT bit_xor(hash(child, parent)) FROM (${stepsSql(layers, "SELECT 0")})`, paths);
  }

  /** Concepts that have one of some codes (SQL), as SQL: one code may have several concepts. */
  private coded(codes: string): string {
    return `SELECT * FROM (${this.some(`SELECT id FROM ${this.all} WHERE code IN (${codes})`)}) WHERE code IN (${codes})`;
  }

  /** Adds to the table `reached (id, code, name)` some concepts (SQL), those with the same codes, and all above them. */
  private async climb(near: string, first: string): Promise<void> {
    const { duck } = this;
    await duck.run(`CREATE OR REPLACE TEMP TABLE step AS ${first}`);
    for (;;) {
      const same = `SELECT * FROM (${this.coded("SELECT code FROM step")}) WHERE id NOT IN (SELECT id FROM reached)`;
      await duck.run(`INSERT INTO reached SELECT * FROM step UNION ${same}`);
      const parents = `SELECT parent FROM ${near} WHERE child IN (SELECT id FROM reached) AND parent NOT IN (SELECT id FROM reached)`;
      await duck.run(`CREATE OR REPLACE TEMP TABLE step AS ${this.some(parents)}`);
      const [count] = await duck.rows<{ n: bigint }>("SELECT count(*) AS n FROM step");
      if (count?.n === 0n) return;
    }
  }

  /**
   * Makes the table `far (child, parent)`: ancestors of concepts of events to which no single steps lead, because a concept between them, or a step, is not in the vocabulary. `distant`
   * are the ancestors two steps up or more, as SQL.
   */
  private async bridge(near: string, distant: string): Promise<void> {
    const { duck } = this;
    await duck.run(
      `CREATE TEMP TABLE rung AS SELECT DISTINCT child, parent FROM ${near} WHERE child IN (SELECT id FROM reached) AND parent IN (SELECT id FROM reached)`,
    );
    await duck.run("CREATE TEMP TABLE up (child BIGINT, parent BIGINT)");
    await duck.run("CREATE TEMP TABLE pair AS SELECT id AS child, id AS parent FROM used_concept");
    for (;;) {
      await duck.run("INSERT INTO up FROM pair");
      await duck.run(
        `CREATE OR REPLACE TEMP TABLE pair AS SELECT DISTINCT p.child, r.parent FROM pair AS p JOIN rung AS r ON r.child = p.parent
         ANTI JOIN up ON up.child = p.child AND up.parent = r.parent`,
      );
      const [count] = await duck.rows<{ n: bigint }>("SELECT count(*) AS n FROM pair");
      if (count?.n === 0n) break;
    }
    await duck.run(`CREATE TEMP TABLE far AS SELECT DISTINCT child, parent FROM ${distant} AS d ANTI JOIN up USING (child, parent)`);
  }

  /** Concepts with these ids that have a code, a row each: a join must not double events where the files repeat one. Those of the first layer count, of them the last, as in meds_etl. */
  private some(ids: string): string {
    // DuckDB may write the parts of a union in any order.
    const order = "file_row_number - layer::BIGINT * 1099511627776";
    const last = (column: string) => `arg_max(${column}, ${order}) AS ${column}`;
    return `SELECT id, ${last("code")}, ${last("name")} FROM ${this.all} WHERE id IN (${ids}) GROUP BY id HAVING min(code) IS NOT NULL`;
  }

  /** Writes rows into a file; gives the SQL that reads it. */
  private async write(name: string, sql: string, readings: readonly Reading[]): Promise<string> {
    const path = join(this.folder, name);
    await this.duck.run(
      `COPY (${sql}) TO ${literal(path)} (FORMAT parquet, ROW_GROUP_SIZE 61440)`,
      readings.flatMap(({ paths }) => paths),
    );
    return parquet([path]);
  }
}

/** The rows of a table concept as SQL: (id, code, name, layer). */
function conceptSql(reading: Reading, conceptIds: boolean, layer: number): string {
  for (const name of ["concept_id", "vocabulary_id", "concept_code"]) reading.need(name);
  const id = reading.integer("concept_id");
  const code = conceptIds ? `'OMOP/' || ${id}` : `${reading.text("vocabulary_id")} || '/' || ${reading.text("concept_code")}`;
  return `SELECT ${id} AS id, ${code} AS code, ${reading.text("concept_name")} AS name, ${layer} AS layer FROM ${reading.from}`;
}

/** What says which concept is above which. */
const laddersOf = (layers: readonly Layer[]) =>
  layers.flatMap(({ concept_relationship: relationship, concept_ancestor: ancestor }) => [...relationship, ...ancestor]);

/** Who is one step above whom (`near`), and who is further above one of some concepts (SQL of ids), as SQL: (child, parent, near). */
function stepsSql(layers: readonly Layer[], of: string): string {
  const steps = [
    ...layers
      .flatMap((layer) => layer.concept_relationship)
      .map((reading) => {
        const [from, to] = [reading.need("concept_id_1"), reading.need("concept_id_2")];
        const ends = `${reading.integer(from)} AS child, ${reading.integer(to)} AS parent`;
        return `SELECT ${ends}, true AS near FROM ${reading.from} WHERE ${reading.text(reading.need("relationship_id"))} = 'Maps to'`;
      }),
    ...layers
      .flatMap((layer) => layer.concept_ancestor)
      .map((reading) => {
        const [to, from] = [reading.need("ancestor_concept_id"), reading.need("descendant_concept_id")];
        const ends = `${reading.integer(from)} AS child, ${reading.integer(to)} AS parent`;
        const levels = reading.integer(reading.need("min_levels_of_separation"));
        return `SELECT child, parent, levels = 1 AS near FROM (SELECT ${ends}, ${levels} AS levels FROM ${reading.from}) WHERE levels = 1 OR (levels > 1 AND child IN (${of}))`;
      }),
  ];
  const none = "SELECT NULL::BIGINT AS child, NULL::BIGINT AS parent, NULL::BOOLEAN AS near WHERE false";
  return `SELECT * FROM (${[none, ...steps].join(" UNION ALL ")}) WHERE child IS NOT NULL AND parent IS NOT NULL`;
}
