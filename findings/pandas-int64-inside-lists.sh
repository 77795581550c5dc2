#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1 (2026-11-28): read_feather turns an int64 inside a list of structs into a double if another row of the list is
# null. Ids beyond 2^53 change without a message. Seen: 9007199254740993 is read as 9007199254740992.0; pyarrow itself keeps it.
# Order and visit ids of this size occur in real records. Read a store with pyarrow or polars, not with pandas.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1
venv/bin/python - <<'PYTHON'
import pandas, pyarrow as pa, pyarrow.feather as feather

visit = 2**53 + 1
events = pa.list_(pa.struct([("visit_id", pa.int64())]))
feather.write_feather(pa.table({"events": pa.array([[{"visit_id": visit}, {"visit_id": None}]], events)}), "events.arrow", compression="uncompressed")
by_pandas = pandas.read_feather("events.arrow")["events"][0][0]["visit_id"]
by_pyarrow = feather.read_table("events.arrow")["events"][0].as_py()[0]["visit_id"]
print("written", visit, "pandas", repr(by_pandas), "pyarrow", by_pyarrow)
assert by_pyarrow == visit and by_pandas != visit and isinstance(by_pandas, float), "the behaviour has changed"
PYTHON
