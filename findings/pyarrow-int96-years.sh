#!/usr/bin/env bash
# pyarrow 26.0.1 (2026-11-29): by default it reads INT96 times before 1677 and after 2262 as other times, without an error: nanoseconds in 64 bits wrap.
# Seen: 3000-01-01 becomes 1830-11-23, 1600-01-01 becomes 2184-07-20. With coerce_int96_timestamp_unit="us" both are right, and so are DuckDB 2.0.1's.
# Open end dates (9999-12-31) that Spark or Impala wrote are such times. meds-reader reads INT96 as microseconds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1 duckdb==2.0.1
cat > finding.py <<'PYTHON'
import datetime
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

times = [datetime.datetime(year, 1, 1) for year in (1600, 2020, 3000)]
pq.write_table(pa.table({"time": pa.array(times, pa.timestamp("us"))}), "times.parquet", use_deprecated_int96_timestamps=True)
assert [row[0] for row in duckdb.sql("SELECT time FROM 'times.parquet'").fetchall()] == times
assert pq.read_table("times.parquet", coerce_int96_timestamp_unit="us")["time"].to_pylist() == times
found = pq.read_table("times.parquet")["time"].cast(pa.timestamp("us"), safe=False).to_pylist()
print([str(time.date()) for time in found])
assert found[1] == times[1] and found[0].year == 2184 and found[2].year == 1830, "the behaviour has changed"
PYTHON
venv/bin/python finding.py
