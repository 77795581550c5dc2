#!/usr/bin/env bash
# meds_reader 0.2.0 (2026-11-28): another time column in nanoseconds, the default of pandas, is read as microseconds without a message. Only
# the `time` column is checked. Seen: 1970-01-01 00:00:01 is read as 1970-01-01 00:16:40.
# meds-reader converts by the unit in the file. A database that meds_reader wrote this way already contains the wrong times.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check meds_reader==0.2.0 pyarrow==26.0.1 numpy==2.4.6
venv/bin/python - <<'PYTHON'
import datetime, subprocess
import meds_reader, pyarrow as pa, pyarrow.parquet as pq
from pathlib import Path

moment = datetime.datetime(1970, 1, 1, 0, 0, 1)
table = pa.table({
    "subject_id": pa.array([1], pa.int64()),
    "time": pa.array([moment], pa.timestamp("us")),
    "code": ["VISIT"],
    "end": pa.array([moment], pa.timestamp("ns")),
})
for folder in ("meds/data", "meds/metadata"):
    Path(folder).mkdir(parents=True)
Path("meds/metadata/dataset.json").write_text("{}")
pq.write_table(table, "meds/data/0.parquet")
subprocess.run(["venv/bin/meds_reader_convert", "meds", "database", "--num_threads", "1"], check=True)
event = meds_reader.SubjectDatabase("database")[1].events[0]
print("written", moment, "read: time", event.time, "end", event.end)
assert event.time == moment, "the behaviour has changed"
assert event.end == datetime.datetime(1970, 1, 1, 0, 16, 40), "the behaviour has changed"
PYTHON
