#!/usr/bin/env bash
# polars 2.1.0 and pyarrow 26.0.1 (2026-11-28): pyarrow cannot read ANY column of a file with one Int128 column of polars, even if the
# caller selects only other columns. Seen: ArrowNotImplementedError 'Integers with more than 64 bits not implemented'.
# meds-reader reads the other columns with their types, and reports the columns that it skips.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1
venv/bin/python - <<'PYTHON'
import polars, pyarrow, pyarrow.parquet as pq

polars.DataFrame({"subject_id": [1, 2], "wide": polars.Series([1, 2], dtype=polars.Int128)}).write_parquet("wide.parquet")
try:
    pq.read_table("wide.parquet", columns=["subject_id"])
    raise SystemExit("the behaviour has changed: the file is read")
except pyarrow.ArrowNotImplementedError as error:
    print(type(error).__name__, error)
    assert "more than 64 bits" in str(error), "the behaviour has changed"
print("polars itself:", polars.read_parquet("wide.parquet", columns=["subject_id"])["subject_id"].to_list())
PYTHON
