// Metadata of the dataset that comes from tables of the CDM.
import type { Duck } from "./duck.js";
import type { Reading } from "./sql.js";

/** SQL of the periods in which each person was observed; undefined if the source does not contain them. */
export function periodsOf(of: readonly Reading[]): { readonly sql: string; readonly paths: readonly string[] } | undefined {
  if (of.length === 0) return undefined;
  const rows = of.map((reading) => {
    const [start, end] = ["observation_period_start_date", "observation_period_end_date"].map((name) => reading.need(name));
    return `SELECT ${reading.integer(reading.need("person_id"))} AS subject_id, ${reading.time(start!, false)} AS start,
      ${reading.time(end!, true)} AS "end", ${reading.integer("period_type_concept_id")} AS period_type_concept_id FROM ${reading.from}`;
  });
  return { sql: rows.join(" UNION ALL "), paths: of.flatMap(({ paths }) => paths) };
}

/** The contents of `dataset.json`, from the table cdm_source. */
export async function datasetOf(duck: Duck, readings: readonly Reading[]): Promise<object> {
  const rows: { name: string | null; version: string | null }[] = [];
  for (const reading of readings) {
    const sql = `SELECT ${reading.text("cdm_source_name")} AS name, ${reading.text("cdm_release_date")} AS version FROM ${reading.from} ORDER BY ALL`;
    rows.push(...(await duck.rows<(typeof rows)[number]>(sql, reading.paths)));
  }
  const joined = (values: readonly (string | null)[]) => values.filter((value) => value !== null).join("|");
  return {
    dataset_name: joined(rows.map(({ name }) => name)),
    dataset_version: joined(rows.map(({ version }) => version)),
    etl_name: "meds-reader omop",
    meds_version: "0.4.0",
  };
}
