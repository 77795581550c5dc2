// DuckDB in Node over a table of its own, sorted by patient.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdbWorkloads, fileList } from "../lib/duckdb.mjs";
import { versionOf } from "../lib/loader.mjs";

export default {
  title: "DuckDB (Node), own sorted table",
  version: versionOf("@duckdb/node-api"),
  reads: "its own table",
  threads: "all",
  async prepare({ files, form }, threads) {
    mkdirSync(form, { recursive: true });
    const path = join(form, "events.duckdb");
    const instance = await DuckDBInstance.create(path, { threads: String(threads), memory_limit: "4GB" });
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE events AS SELECT * EXCLUDE (file_row_number), file_row_number AS row_number
      FROM read_parquet(${fileList(files)}, file_row_number = true) ORDER BY subject_id, file_row_number`);
    await connection.run("CHECKPOINT");
    connection.closeSync();
    instance.closeSync();
    return { bytes: statSync(path).size };
  },
  async open({ form }) {
    const instance = await DuckDBInstance.create(join(form, "events.duckdb"), { access_mode: "READ_ONLY" });
    return { connection: await instance.connect(), from: "events", row: "row_number" };
  },
  workloads: duckdbWorkloads,
  close: (handle) => handle?.connection.closeSync(),
};
