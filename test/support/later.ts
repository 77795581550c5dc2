// The MIMIC-IV demo twice: a patient for each label, with the rows that the demo has, and with other rows after the label.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { convert } from "meds-reader";
import { duck } from "./dataset.js";

/** A label, and whether its texts have what happens at exactly its time. Its patient is a copy that it does not share. */
export interface LaterLabel {
  readonly subjectId: bigint;
  readonly predictionTime: bigint;
  readonly isInclusive: boolean;
}

/** Two stores that differ in nothing that is known at their labels. */
export interface LaterStores {
  readonly stores: readonly [as: string, changed: string];
  readonly labels: readonly LaterLabel[];
}

/**
 * The labels of the demo; for each patient one at exactly the time of an admission, once with its rows and once without; for
 * some, a microsecond before it, and at exactly the time of a row in the middle.
 */
const LABELS = (source: string) => `
  CREATE OR REPLACE TEMP TABLE events AS
    SELECT * EXCLUDE (row), 2 * row_number() OVER (ORDER BY subject_id, time NULLS FIRST, row) AS row
    FROM (SELECT subject_id, time, code, numeric_value, text_value, unit, hadm_id, file_row_number AS row FROM read_parquet('${source}/data/*/*.parquet', file_row_number = true));
  CREATE OR REPLACE TEMP TABLE labels AS
    WITH sides(is_inclusive) AS (VALUES (true), (false)), admitted AS (SELECT subject_id, min(time) AS time FROM events WHERE starts_with(code, 'HOSPITAL_ADMISSION') GROUP BY subject_id),
    times AS (
      SELECT subject_id, prediction_time AS time, true AS is_inclusive FROM read_parquet('${source}/tasks/*.parquet')
      UNION ALL SELECT admitted.*, is_inclusive FROM admitted, sides
      UNION ALL SELECT subject_id, time - INTERVAL 1 MICROSECOND, is_inclusive FROM admitted, sides WHERE subject_id % 4 = 0
      UNION ALL SELECT subject_id, quantile_disc(time, 0.3), subject_id % 8 = 0 FROM events WHERE subject_id % 4 = 0 GROUP BY subject_id
    )
    SELECT row_number() OVER (ORDER BY subject_id, time, is_inclusive) AS id, * FROM times`;

/**
 * Rows of both stores: the last 800 that are known, and the next 100. The demo has neither ends nor notes: an admission ends at the last row of its stay, an infusion ten
 * hours after its row, and each 97th row becomes a note as well.
 */
const ROWS = `
  CREATE OR REPLACE TEMP TABLE known AS
    WITH stays AS (SELECT hadm_id, max(time) AS "end" FROM events WHERE hadm_id IS NOT NULL GROUP BY hadm_id),
    named AS (
      SELECT events.*, CASE WHEN starts_with(code, 'HOSPITAL_ADMISSION') THEN stays."end"
        WHEN starts_with(code, 'INFUSION_START') THEN time + INTERVAL 10 HOUR END AS "end", NULL::VARCHAR AS "table"
      FROM events LEFT JOIN stays USING (hadm_id)
      UNION ALL
      SELECT * REPLACE (
        'NOTE//' || row % 3 AS code, 'Seen today, and nothing new was found in any of them.' || chr(10) || chr(10) || 'Row ' || row AS text_value, NULL AS numeric_value, row + 1 AS row
      ), NULL, 'note' FROM events WHERE row % 97 = 0 AND time IS NOT NULL
    )
    SELECT id, labels.time AS label, is_inclusive, named.* REPLACE (id AS subject_id),
      coalesce(CASE WHEN is_inclusive THEN named.time > labels.time ELSE named.time >= labels.time END, false) AS is_late,
      coalesce(CASE WHEN is_inclusive THEN "end" > labels.time ELSE "end" >= labels.time END, false) AS ends_late
    FROM labels JOIN named USING (subject_id)
    QUALIFY named.time IS NULL OR code = 'MEDS_BIRTH' OR row_number() OVER (PARTITION BY id, is_late ORDER BY CASE WHEN is_late THEN row ELSE -row END) <= if(is_late, 100, 800)`;

const COLUMNS = "EXCLUDE (id, label, is_inclusive, is_late, ends_late, row)";

/** Of later rows a third is removed, a third has another code, value, text and stay, and a third is there twice; more follow the label. */
const CHANGED = `
  SELECT * FROM (
    SELECT * ${COLUMNS} REPLACE (CASE WHEN ends_late THEN CASE WHEN row % 2 = 0 THEN "end" + INTERVAL 40 DAY END ELSE "end" END AS "end"), row
      FROM known WHERE NOT is_late
    UNION ALL
    SELECT * ${COLUMNS} REPLACE (
      CASE row % 5 WHEN 0 THEN 'MEDS_DEATH' WHEN 1 THEN 'LAB//50912//mg/dL' WHEN 2 THEN 'HOSPITAL_DISCHARGE//HOME' ELSE 'NEW//' || row % 7 END AS code,
      row % 90 AS numeric_value, 'changed' AS text_value, hadm_id + row % 2 AS hadm_id, time + INTERVAL 3 DAY AS "end"
    ), row FROM known WHERE is_late AND row % 3 = 1
    UNION ALL SELECT known.* ${COLUMNS}, row FROM known, range(2) WHERE is_late AND row % 3 = 2
    UNION ALL
    SELECT first.* ${COLUMNS} REPLACE (
      kind.code AS code, 7 AS numeric_value, 'A later note.' AS text_value, kind."table" AS "table", label + INTERVAL 30 DAY AS "end",
      CASE WHEN is_inclusive THEN label + INTERVAL 1 MICROSECOND ELSE label END AS time
    ), row FROM (SELECT * FROM known QUALIFY row_number() OVER (PARTITION BY id ORDER BY hadm_id NULLS LAST, row) = 1) AS first,
      (VALUES ('HOSPITAL_ADMISSION//NEW', NULL), ('NOTE//9', 'note'), ('LAB//50912//mg/dL', NULL), ('GENDER//F', NULL), ('MEDS_BIRTH', NULL)) AS kind(code, "table")
  )`;

/** Writes and converts both. */
export async function laterStores(source: string, folder: string): Promise<LaterStores> {
  const sql = await duck();
  await sql.run(LABELS(source));
  await sql.run(ROWS);
  const stores: string[] = [];
  for (const [name, query] of [
    ["as", `SELECT * ${COLUMNS}, row FROM known`],
    ["changed", CHANGED],
  ] as const) {
    const made = join(folder, name);
    mkdirSync(join(made, "data"), { recursive: true });
    cpSync(join(source, "metadata", "codes.parquet"), join(made, "metadata", "codes.parquet"));
    await sql.run(
      `COPY (SELECT * EXCLUDE (row) FROM (${query}) ORDER BY subject_id, time NULLS FIRST, row) TO '${join(made, "data", "0.parquet")}' (FORMAT parquet)`,
    );
    await convert(made, `${made}.medsdb`);
    stores.push(`${made}.medsdb`);
  }
  const found = (await sql.runAndReadAll("SELECT id, epoch_us(time) AS time, is_inclusive FROM labels ORDER BY id")).getRowObjects();
  for (const table of ["events", "labels", "known"]) await sql.run(`DROP TABLE ${table}`);
  const labels = (found as { id: bigint; time: bigint; is_inclusive: boolean }[]).map(({ id, time, is_inclusive }) => ({
    subjectId: id,
    predictionTime: time,
    isInclusive: is_inclusive,
  }));
  return { stores: [stores[0]!, stores[1]!], labels };
}
