#!/usr/bin/env bash
# MEDS-Transforms 0.7.0 (2026-11-28): a pipeline that only filters subjects writes `data/` and no `metadata/`: subject_splits.parquet, dataset.json and
# codes.parquet of the input are not in the output. The output no longer shows which subjects are held out, so a model may be trained on them.
# Seen: 3 files in the input's metadata/, none in the output's.
# meds-reader reports which of these files a dataset lacks. Its own `filter` and `transform` keep all of them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check MEDS_transforms==0.7.0 meds==0.4.1
venv/bin/python - <<'PYTHON'
import datetime, polars
from pathlib import Path

for folder in ("in/data/held_out", "in/metadata"):
    Path(folder).mkdir(parents=True)
events = {"subject_id": [1, 1], "time": [None, datetime.datetime(2020, 1, 1)], "code": ["SEX", "LAB"], "numeric_value": [None, 1.5]}
polars.DataFrame(events, schema_overrides={"time": polars.Datetime("us"), "numeric_value": polars.Float32}).write_parquet("in/data/held_out/0.parquet")
polars.DataFrame({"subject_id": [1], "split": ["held_out"]}).write_parquet("in/metadata/subject_splits.parquet")
polars.DataFrame({"code": ["LAB"], "description": ["a lab"], "parent_codes": [["L"]]}).write_parquet("in/metadata/codes.parquet")
Path("in/metadata/dataset.json").write_text('{"dataset_name": "small"}')
Path("pipeline.yaml").write_text(f"""input_dir: {Path('in').resolve()}
output_dir: {Path('out').resolve()}
stages:
  - filter_subjects:
      min_events_per_subject: 1
""")
PYTHON
PATH="$work/venv/bin:$PATH" MEDS_transform-pipeline pipeline.yaml
test -f out/data/held_out/0.parquet
echo "metadata of the input:  $(ls in/metadata | tr '\n' ' ')"
echo "metadata of the output: $(ls out/metadata 2>/dev/null | tr '\n' ' ')"
[ -z "$(ls out/metadata 2>/dev/null)" ] || { echo "the behaviour has changed"; exit 1; }
