// The vocabulary: the code of each concept, and the rows of codes.parquet. A complete vocabulary has millions
// of concepts and tens of millions of steps between them, but events use only thousands of these. So the
// vocabulary is stored in files that queries scan, and only the concepts in use are in memory.
import { join } from "node:path";
import { demographicsSql } from "./demographics.js";
import { type Duck, literal, parquet } from "./duck.js";
import type { Reading } from "./sql.js";
import type { Layer } from "./vocabulary.js";

/** Concepts with ids above this are the source's own. Public vocabularies do not contain them. */
const LOCAL = 2_000_000_000;

/** Counts of concepts that are ambiguous. */
export interface Loaded {
  /** Concepts with several codes in one vocabulary. */
  readonly several: bigint;
  /** Concepts that several vocabularies have with different codes or names. */
  readonly differing: bigint;
}

/** What DuckDB answers to the creation of a table from a query: the number of its rows. */
interface Created {
  readonly Count: bigint;
}

/** The layer of the concepts that are known without a vocabulary. It comes after all others. */
const KNOWN = 1_000_000;
/** SQL of a code that is made of the concept id. */
const OF_ID = "'OMOP/' || id";

/** The concepts of a source. Their files are written to `folder`. */
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
   * Creates the table `concept (id, code, name)` of the concepts whose ids are in `used` (SQL; null for all).
   * A concept without vocabulary or code is not in it. If several layers have a concept, the first layer
   * counts. With `conceptIds`, codes are made of ids.
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
    if (layers.length === 1) return { several: several!.n, differing: 0n };
    const [differing] = await this.duck.rows<{ n: bigint }>(
      `SELECT count(*) AS n FROM (SELECT id FROM (${own}) GROUP BY id HAVING min(layer) < max(layer) AND (min(code) <> max(code) OR min(name) <> max(name)))`,
    );
    return { several: several!.n, differing: differing!.n };
  }

  /**
   * Writes codes.parquet: the codes of the events, those of the source's own concepts, and those of all their
   * ancestors. The parents of a concept are the concepts it "Maps to" (meds_etl takes only these), its
   * ancestors one step up, and ancestors further up that cannot be reached in single steps.
   */
  async writeCodes(layers: readonly Layer[], events: string, out: string): Promise<void> {
    const { duck } = this;
    await duck.run(`CREATE TEMP TABLE event_code AS SELECT DISTINCT code FROM ${events} WHERE code IS NOT NULL`);
    await duck.run(`CREATE TEMP TABLE used_concept AS ${this.coded("SELECT code FROM event_code")}`);
    const ladders = await this.write("ladders.parquet", stepsSql(layers, "SELECT id FROM used_concept"), laddersOf(layers));
    const near = `(SELECT child, parent FROM ${ladders} WHERE near)`;
    await duck.run("CREATE TEMP TABLE reached (id BIGINT, code VARCHAR, name VARCHAR)");
    await this.climb(near, `SELECT * FROM used_concept UNION ${this.some(`SELECT id FROM ${this.all} WHERE id > ${LOCAL}`)}`);
    await duck.run("CREATE TEMP TABLE far (child BIGINT, parent BIGINT)");
    if (layers.some((layer) => layer.concept_ancestor.length > 0)) {
      await this.bridge(near, `(SELECT child, parent FROM ${ladders} WHERE NOT near)`);
      await this.climb(near, this.some("SELECT parent FROM far WHERE parent NOT IN (SELECT id FROM reached)"));
    }
    await duck.run(
      `CREATE TEMP TABLE above AS SELECT DISTINCT c.code AS child, p.code AS parent FROM (FROM ${near} UNION ALL FROM far) AS s
       JOIN reached AS c ON c.id = s.child JOIN reached AS p ON p.id = s.parent WHERE c.code <> p.code`,
    );
    await this.duck.run(
      `COPY (
         SELECT r.code, n.name AS description, coalesce(p.parents, []::VARCHAR[]) AS parent_codes
         FROM (SELECT code FROM event_code UNION SELECT code FROM reached) AS r
         LEFT JOIN (SELECT code, arg_min(name, id) AS name FROM reached GROUP BY code) AS n ON n.code = r.code
         LEFT JOIN (SELECT child, list(parent ORDER BY parent) AS parents FROM above GROUP BY child) AS p ON p.child = r.code
         ORDER BY r.code
       ) TO ${literal(out)} (FORMAT parquet)`,
    );
  }

  /** Reads what {@link writeCodes} would read, so that wrong values cause the same errors. */
  async check(layers: readonly Layer[]): Promise<void> {
    const paths = laddersOf(layers).flatMap((reading) => reading.paths);
    await this.duck.run(`SELECT bit_xor(hash(child, parent)) FROM (${stepsSql(layers, "SELECT 0")})`, paths);
  }

  /** SQL of the concepts with one of these codes (SQL). One code may belong to several concepts. */
  private coded(codes: string): string {
    return `SELECT * FROM (${this.some(`SELECT id FROM ${this.all} WHERE code IN (${codes})`)}) WHERE code IN (${codes})`;
  }

  /**
   * Adds concepts (SQL) to the table `reached (id, code, name)`, with those that have the same codes, and all
   * their ancestors.
   */
  private async climb(near: string, first: string): Promise<void> {
    const { duck } = this;
    await duck.run(`CREATE OR REPLACE TEMP TABLE step AS ${first}`);
    for (;;) {
      const same = `SELECT * FROM (${this.coded("SELECT code FROM step")}) WHERE id NOT IN (SELECT id FROM reached)`;
      await duck.run(`INSERT INTO reached SELECT * FROM step UNION ${same}`);
      const parents = `SELECT parent FROM ${near} WHERE child IN (SELECT id FROM reached) AND parent NOT IN (SELECT id FROM reached)`;
      const [step] = await duck.rows<Created>(`CREATE OR REPLACE TEMP TABLE step AS ${this.some(parents)}`);
      if (step!.Count === 0n) return;
    }
  }

  /**
   * Fills the table `far (child, parent)`: ancestors of the concepts of events that single steps do not
   * reach, because a concept or a step between them is not in the vocabulary. `distant` is SQL of the
   * ancestors two or more steps up.
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
      const [pairs] = await duck.rows<Created>(
        `CREATE OR REPLACE TEMP TABLE pair AS SELECT DISTINCT p.child, r.parent FROM pair AS p JOIN rung AS r ON r.child = p.parent
         ANTI JOIN up ON up.child = p.child AND up.parent = r.parent`,
      );
      if (pairs!.Count === 0n) break;
    }
    await duck.run(`INSERT INTO far SELECT DISTINCT child, parent FROM ${distant} AS d ANTI JOIN up USING (child, parent)`);
  }

  /**
   * SQL of the concepts with these ids that have a code, one row per concept: if files repeat a concept, a
   * join must not duplicate events. The first layer counts, and within it the last row, as in meds_etl.
   */
  private some(ids: string): string {
    // DuckDB may write the parts of a union in any order.
    const order = "file_row_number - layer::BIGINT * 1099511627776";
    const last = (column: string) => `arg_max(${column}, ${order}) AS ${column}`;
    return `SELECT id, ${last("code")}, ${last("name")} FROM ${this.all} WHERE id IN (${ids}) GROUP BY id HAVING min(code) IS NOT NULL`;
  }

  /** Writes rows to a file. Returns the SQL that reads it. */
  private async write(name: string, sql: string, readings: readonly Reading[]): Promise<string> {
    const path = join(this.folder, name);
    await this.duck.run(
      `COPY (${sql}) TO ${literal(path)} (FORMAT parquet, ROW_GROUP_SIZE 61440)`,
      readings.flatMap(({ paths }) => paths),
    );
    return parquet([path]);
  }
}

/** SQL of the rows of a table concept: (id, code, name, layer). */
function conceptSql(reading: Reading, conceptIds: boolean, layer: number): string {
  for (const name of ["concept_id", "vocabulary_id", "concept_code"]) reading.need(name);
  const id = reading.integer("concept_id");
  const code = conceptIds ? `'OMOP/' || ${id}` : `${reading.text("vocabulary_id")} || '/' || ${reading.text("concept_code")}`;
  return `SELECT ${id} AS id, ${code} AS code, ${reading.text("concept_name")} AS name, ${layer} AS layer FROM ${reading.from}`;
}

/** The tables that relate concepts to their ancestors. */
const laddersOf = (layers: readonly Layer[]) =>
  layers.flatMap(({ concept_relationship: relationship, concept_ancestor: ancestor }) => [...relationship, ...ancestor]);

/**
 * SQL of (child, parent, near): all ancestors one step up (`near`), and the further ancestors of some
 * concepts (SQL of ids).
 */
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
