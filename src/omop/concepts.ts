// The vocabulary: what each concept's code is, and what codes.parquet says of the codes that events have. A whole one has millions of concepts and tens of
// millions of steps between them, of which events name thousands: it lies in files that queries pass over, and what is held are those.
import { join } from "node:path";
import { type Duck, literal, parquet } from "./duck.js";
import type { Reading } from "./sql.js";

/** Tables that say which concept stands above which. */
export interface Ladders {
  readonly relationship: readonly Reading[];
  readonly ancestor: readonly Reading[];
}

/** Concepts above this id are the source's own, which no vocabulary elsewhere describes. */
const LOCAL = 2_000_000_000;

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
   * Makes the table `concept (id, code, name)` of those whose ids `used` gives (SQL; null for all); a concept without vocabulary or code has none. It is empty
   * where the source has no such table. Gives how many of them stand there with several codes.
   */
  async load(readings: readonly Reading[], used: string | null): Promise<bigint> {
    const rows = readings.map((reading) => {
      for (const name of ["concept_id", "vocabulary_id", "concept_code"]) reading.need(name);
      const code = `${reading.text("vocabulary_id")} || '/' || ${reading.text("concept_code")}`;
      return `SELECT ${reading.integer("concept_id")} AS id, ${code} AS code, ${reading.text("concept_name")} AS name FROM ${reading.from}`;
    });
    const none = "SELECT NULL::BIGINT AS id, NULL::VARCHAR AS code, NULL::VARCHAR AS name WHERE false";
    await this.duck.run("SET preserve_insertion_order = true");
    await this.write("concepts.parquet", `SELECT * FROM (${[none, ...rows].join(" UNION ALL ")}) WHERE id IS NOT NULL`, readings);
    await this.duck.run("SET preserve_insertion_order = false");
    const ids = used ?? `SELECT id FROM ${this.all}`;
    await this.duck.run(`CREATE TEMP TABLE concept AS ${this.some(ids)}`);
    const [several] = await this.duck.rows<{ n: bigint }>(
      `SELECT count(*) AS n FROM (SELECT id FROM ${this.all} WHERE id IN (${ids}) GROUP BY id HAVING min(code) <> max(code))`,
    );
    return several!.n;
  }

  /**
   * Writes codes.parquet: the codes of the events, of the source's own concepts, and all above them. Parents are what a concept "Maps to", which is all that meds_etl takes, and its
   * ancestors one step up.
   */
  async writeCodes(steps: Ladders, events: string, out: string): Promise<void> {
    const ladders = await this.write("ladders.parquet", stepsSql(steps), [...steps.relationship, ...steps.ancestor]);
    await this.duck.run(`CREATE TEMP TABLE told AS SELECT DISTINCT code FROM ${events} WHERE code IS NOT NULL`);
    await this.climb(ladders);
    await this.duck.run(
      `CREATE TEMP TABLE above AS SELECT DISTINCT c.code AS child, p.code AS parent FROM ${ladders} AS s
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
  async check(steps: Ladders): Promise<void> {
    const paths = [...steps.relationship, ...steps.ancestor].flatMap((reading) => reading.paths);
    await this.duck.run(`SELECT bit_xor(hash(child, parent)) FROM (${stepsSql(steps)})`, paths);
  }

  /** Makes the table `reached (id, code, name)`: the concepts of the codes of the table `told`, the source's own, and all above them. */
  private async climb(ladders: string): Promise<void> {
    const { duck } = this;
    await duck.run("CREATE TEMP TABLE reached (id BIGINT, code VARCHAR, name VARCHAR)");
    // One code may have several concepts: all of them are reached with it.
    const coded = (codes: string) =>
      `SELECT * FROM (${this.some(`SELECT id FROM ${this.all} WHERE code IN (${codes})`)}) WHERE code IN (${codes})`;
    const own = this.some(`SELECT id FROM ${this.all} WHERE id > ${LOCAL}`);
    await duck.run(`CREATE TEMP TABLE step AS ${coded("SELECT code FROM told")} UNION ${own}`);
    for (;;) {
      const same = `SELECT * FROM (${coded("SELECT code FROM step")}) WHERE id NOT IN (SELECT id FROM reached)`;
      await duck.run(`INSERT INTO reached SELECT * FROM step UNION ${same}`);
      const parents = `SELECT parent FROM ${ladders} WHERE child IN (SELECT id FROM reached) AND parent NOT IN (SELECT id FROM reached)`;
      await duck.run(`CREATE OR REPLACE TEMP TABLE step AS ${this.some(parents)}`);
      const [count] = await duck.rows<{ n: bigint }>("SELECT count(*) AS n FROM step");
      if (count?.n === 0n) return;
    }
  }

  /** Concepts with these ids that have a code, a row each: a join must not double events where the files repeat one. The last of them counts, as in meds_etl. */
  private some(ids: string): string {
    const last = (column: string) => `arg_max(${column}, file_row_number) AS ${column}`;
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

/** Who stands one step above whom, as SQL: (child, parent). */
function stepsSql({ relationship, ancestor }: Ladders): string {
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
  return `SELECT * FROM (${[none, ...steps].join(" UNION ALL ")}) WHERE child IS NOT NULL AND parent IS NOT NULL`;
}
