"""DuckDB in Python over a table of its own, sorted by patient, results as numpy arrays."""
import os

import duckdb
from duck import duck_workloads, paths

TITLE = "DuckDB (Python), own sorted table"
VERSION = duckdb.__version__
READS = "its own table"
THREADS = "all"


def prepare(dataset, threads):
    os.makedirs(dataset["form"])
    sql = duckdb.connect(os.path.join(dataset["form"], "events.duckdb"), config=dict(threads=threads, memory_limit="4GB"))
    sql.execute(
        f"""CREATE TABLE events AS SELECT * EXCLUDE (file_row_number), file_row_number AS row_number
        FROM read_parquet({paths(dataset["files"])}, file_row_number = true) ORDER BY subject_id, file_row_number"""
    )
    sql.execute("CHECKPOINT")
    sql.close()


def open_dataset(dataset):
    return duckdb.connect(os.path.join(dataset["form"], "events.duckdb"), read_only=True)


def workloads(sql, plan, dataset):
    return duck_workloads(sql, "events", "row_number", plan)
