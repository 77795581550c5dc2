// DuckDB in Node over the Parquet files.
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdbWorkloads, fileList } from "../lib/duckdb.mjs";
import { versionOf } from "../lib/loader.mjs";

export default {
  title: "DuckDB (Node), Parquet",
  version: versionOf("@duckdb/node-api"),
  reads: "Parquet",
  threads: "all",
  async open({ files }) {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    // One patient's rows are in one file, in order.
    return { connection, from: `read_parquet(${fileList(files)}, file_row_number = true)`, row: "file_row_number" };
  },
  workloads: duckdbWorkloads,
  close: (handle) => handle?.connection.closeSync(),
};
