#!/usr/bin/env bash
# flechette 2.6.0 (2026-11-28): with default options a column cannot be read if its DICTIONARY contains an integer beyond 2^53, even if
# no row points to it. Seen: 'BigInt exceeds integer number representation: 9007199254740992' for rows 5 and 7; with useBigInt the same file opens.
# meds-reader fills the unused slot 0 of its int64 dictionaries with a small absent integer, so that such stores open by default.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @uwdata/flechette@2.6.0 apache-arrow@21.2.0
cat > finding.mjs <<'JAVASCRIPT'
import * as arrow from "apache-arrow";
import { tableFromIPC } from "@uwdata/flechette";
import assert from "node:assert";

const type = new arrow.Dictionary(new arrow.Int64(), new arrow.Uint8());
const dictionary = arrow.vectorFromArray([5n, 2n ** 53n, 7n], new arrow.Int64());
const rows = arrow.makeData({ type, length: 2, data: Uint8Array.of(0, 2), dictionary });
const bytes = arrow.tableToIPC(new arrow.Table({ visit_id: new arrow.Vector([rows]) }), "file");
assert.deepEqual([...tableFromIPC(bytes, { useBigInt: true }).getChild("visit_id")], [5n, 7n]);
assert.throws(
  () => [...tableFromIPC(bytes).getChild("visit_id")],
  (error) => {
    console.log(error.message);
    return /exceeds integer number representation/.test(error.message);
  },
  "the behaviour has changed",
);
JAVASCRIPT
node finding.mjs
