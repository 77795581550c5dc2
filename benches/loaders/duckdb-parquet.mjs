// DuckDB in Node over the Parquet files.
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdbWorkloads } from "../lib/duckdb.mjs";
import { versionOf } from "../lib/loader.mjs";

/** A list of files for SQL. */
const list = (files) => `[${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(", ")}]`;

export default {
  title: "DuckDB (Node), Parquet",
  version: versionOf("@duckdb/node-api"),
  reads: "Parquet",
  threads: "all",
  async open({ files }) {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    // One patient's rows stand in one file, in order.
    return { connection, from: `read_parquet(${list(files)}, file_row_number = true)`, row: "file_row_number" };
  },
  workloads: duckdbWorkloads,
  close: (handle) => handle?.connection.closeSync(),
};
