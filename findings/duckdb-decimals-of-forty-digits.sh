#!/usr/bin/env bash
# DuckDB 1.5.6 (2026-11-28): a Parquet DECIMAL of more than 38 digits that is stored in 17 bytes is read as a DOUBLE with a wrong value and without a
# message. Seen: 108086391056891900 for 1.5. (DuckDB 2.0.1 reads 1.5.)
# meds-reader rejects such columns of OMOP tables with an error that names them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.6-r.1
cat > finding.mjs <<'JAVASCRIPT'
import { DuckDBInstance } from "@duckdb/node-api";
import assert from "node:assert";
import { execFileSync } from "node:child_process";

execFileSync("python3", ["-m", "venv", "venv"]);
execFileSync("venv/bin/pip", ["install", "--quiet", "--disable-pip-version-check", "pyarrow==26.0.1"]);
const write = `import decimal, pyarrow as pa, pyarrow.parquet as pq
pq.write_table(pa.table({"value": pa.array([decimal.Decimal("1.5")], pa.decimal256(40, 2))}), "value.parquet")
print(pq.read_table("value.parquet")["value"][0])`;
assert.equal(execFileSync("venv/bin/python", ["-c", write], { encoding: "utf8" }).trim(), "1.50");
const connection = await (await DuckDBInstance.create()).connect();
const [[value]] = (await connection.runAndReadAll("SELECT value FROM read_parquet('value.parquet')")).getRows();
console.log("written 1.50, read", value);
assert.equal(value, 108086391056891900, "the behaviour has changed");
JAVASCRIPT
node finding.mjs
