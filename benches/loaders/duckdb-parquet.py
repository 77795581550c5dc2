"""DuckDB in Python over the Parquet files, results as numpy arrays."""
import duckdb
from duck import duck_workloads, paths

TITLE = "DuckDB (Python), Parquet"
VERSION = duckdb.__version__
READS = "Parquet"
THREADS = "all"


def open_dataset(dataset):
    return duckdb.connect()


def workloads(sql, plan, dataset):
    # One patient's rows are in one file, in order.
    return duck_workloads(sql, f"read_parquet({paths(dataset['files'])}, file_row_number = true)", "file_row_number", plan)
