#!/usr/bin/env bash
# meds-evaluation 0.0.6 (2026-11-30): its schema says that of the columns predicted_boolean_value and predicted_boolean_probability one is
# enough, and accepts such a table. Its evaluation then looks for both: with probabilities only, a usual file of a model, it fails.
# Seen: ColumnNotFoundError "predicted_boolean_value" by polars. With the other column added, all of it null, it evaluates.
# Predictions of meds-reader are written with both columns, null where the model has no such value.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check meds-evaluation==0.0.6
cat > finding.py <<'PYTHON'
from datetime import datetime

import polars as pl
from meds_evaluation.evaluate import evaluate_binary_classification
from meds_evaluation.schema import PredictionSchema

rows = [(subject, datetime(2020, 1, 1), subject % 2 == 0, subject / 10) for subject in range(1, 9)]
schema = {"subject_id": pl.Int64, "prediction_time": pl.Datetime("us"), "boolean_value": pl.Boolean, "predicted_boolean_probability": pl.Float32}
table = pl.DataFrame(rows, schema=schema, orient="row")
PredictionSchema.align(table.to_arrow())
print("the schema accepts", table.columns)
try:
    evaluate_binary_classification(table)
except Exception as error:
    seen = type(error).__name__
    print("the evaluation raises", seen)
else:
    raise SystemExit("the behaviour has changed: one column is enough")
assert seen == "ColumnNotFoundError", "the behaviour has changed"
both = table.with_columns(predicted_boolean_value=pl.lit(None, pl.Boolean))
found = evaluate_binary_classification(both)["samples_equally_weighted"]
print("with a column of nulls it evaluates:", sorted(found))
assert "roc_auc_score" in found, "the behaviour has changed"
PYTHON
venv/bin/python finding.py
