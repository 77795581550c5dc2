#!/usr/bin/env bash
# meds_reader 0.2.0 (2026-11-28): the converter stores an empty text as null. Its databases do not distinguish an empty note ("") from a
# missing one, and no message reports the change. Seen: ['a', None, None] for the texts 'a', '' and null.
# meds-reader distinguishes "" and null when it converts MEDS itself. Its documents say that a meds_reader database no longer contains the
# difference.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check meds_reader==0.2.0 pyarrow==26.0.1 numpy==2.4.6
venv/bin/python - <<'PYTHON'
import subprocess
import meds_reader, pyarrow as pa, pyarrow.parquet as pq
from pathlib import Path

texts = ["a", "", None]
table = pa.table({
    "subject_id": pa.array([1, 1, 1], pa.int64()),
    "time": pa.array([1_000_000, 2_000_000, 3_000_000], pa.timestamp("us")),
    "code": ["NOTE", "NOTE", "NOTE"],
    "text_value": texts,
})
for folder in ("meds/data", "meds/metadata"):
    Path(folder).mkdir(parents=True)
Path("meds/metadata/dataset.json").write_text("{}")
pq.write_table(table, "meds/data/0.parquet")
subprocess.run(["venv/bin/meds_reader_convert", "meds", "database", "--num_threads", "1"], check=True)
read = [event.text_value for event in meds_reader.SubjectDatabase("database")[1].events]
print("written", texts, "read", read)
assert read == ["a", None, None], "the behaviour has changed"
PYTHON
