#!/usr/bin/env bash
# DuckDB 2.0.1 (2026-11-28): read_parquet of ONE file whose path contains a folder named COLUMN=VALUE, anywhere above the table,
# replaces the column in the file by the text of the folder name. polars 2.1.0 and pyarrow 26.0.1 keep the column of the file. A table
# of patients that is moved below site=B loses its own column site. Seen: DuckDB B, polars A, pyarrow A.
# meds-reader reads with hive_partitioning=false. It takes partition columns only from folders inside the table, and only if no file has
# the column.
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
