#!/usr/bin/env bash
# nodejs-polars 0.24.0 (2026-11-28): readIPC(path) opens a file only if its name ends in .ipc. With any other extension, including .arrow,
# it decodes the letters of the path as if they were the file. Seen: 'invalid seek to a negative or overflowing position' for a.arrow, 2 rows for its copy
# a.ipc and for readIPC(readFileSync("a.arrow")).
# The documents of meds-reader show the call that works.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund nodejs-polars@0.24.0 apache-arrow@21.2.0
cat > finding.mjs <<'JAVASCRIPT'
import * as arrow from "apache-arrow";
import pl from "nodejs-polars";
import assert from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";

const bytes = arrow.tableToIPC(arrow.tableFromArrays({ row: Int32Array.of(1, 2) }), "file");
for (const name of ["a.ipc", "a.arrow"]) writeFileSync(name, bytes);
assert.equal(pl.readIPC("a.ipc").height, 2);
assert.equal(pl.readIPC(readFileSync("a.arrow")).height, 2);
assert.throws(
  () => pl.readIPC("a.arrow"),
  (error) => {
    console.log("a.arrow:", error.message);
    return true;
  },
  "the behaviour has changed",
);
JAVASCRIPT
node finding.mjs
