#!/usr/bin/env bash
# DuckDB 2.0.1 (2026-11-28): read_parquet of ONE file whose path has a folder called COLUMN=VALUE, anywhere above the table, replaces the
# column that the file itself has by the folder's text. polars 2.1.0 and pyarrow 26.0.1 keep the file's column. A table of patients that is moved below
# site=B loses its own column site. Seen: DuckDB B, polars A, pyarrow A.
# meds-reader reads with hive_partitioning=false and takes partition columns only from folders inside the table, where no file has the column.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1
venv/bin/python - <<'PYTHON'
import duckdb, polars, pyarrow as pa, pyarrow.parquet as pq
from pathlib import Path

path = Path("site=B/release/person.parquet")
path.parent.mkdir(parents=True)
pq.write_table(pa.table({"person_id": [1], "site": ["A"]}), path)
seen = {
    "duckdb": duckdb.sql(f"SELECT site FROM read_parquet({str(path)!r})").fetchall()[0][0],
    "polars": polars.read_parquet(path)["site"][0],
    "pyarrow": pq.read_table(path)["site"][0].as_py(),
}
print(seen)
assert seen == {"duckdb": "B", "polars": "A", "pyarrow": "A"}, "the behaviour has changed"
PYTHON
