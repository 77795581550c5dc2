import duckdb

READS = "Parquet"

# Rows of one time: the order of the file decides.
QUERY = """
WITH events AS (SELECT *, file_row_number AS row FROM read_parquet($files, file_row_number = true)),
icu AS (SELECT subject_id, min(time) AS icu FROM events WHERE starts_with(code, $icu) GROUP BY subject_id),
birth AS (SELECT subject_id, min(time) AS birth FROM events WHERE code = 'MEDS_BIRTH' GROUP BY subject_id),
before AS (SELECT events.*, icu FROM events JOIN icu USING (subject_id) WHERE time < icu),
failing AS (SELECT DISTINCT subject_id FROM before WHERE list_bool_or(list_transform($failure, lambda prefix: starts_with(code, prefix)))),
labs AS (
  SELECT subject_id, arg_max(numeric_value, (time, row)) AS creatinine FROM before
  WHERE code = $creatinine AND numeric_value IS NOT NULL AND time >= icu - INTERVAL 8766 HOURS GROUP BY subject_id
)
SELECT subject_id, (epoch_us(icu) - epoch_us(birth)) / (365.25 * 86400e6) AS age, creatinine
FROM icu JOIN failing USING (subject_id) LEFT JOIN birth USING (subject_id) LEFT JOIN labs USING (subject_id)
"""


def open(data):
    return data["files"]


def run(files, args):
    values = dict(files=files, icu=args["icu"], failure=args["heartFailure"], creatinine=args["creatinine"])
    return duckdb.execute(QUERY, values).fetchall()


def rows(table):
    values = [value for _, _, value in table if value is not None]
    return dict(patients=len(table), age=sum(age or 0 for _, age, _ in table), measured=len(values), creatinine=sum(values))
