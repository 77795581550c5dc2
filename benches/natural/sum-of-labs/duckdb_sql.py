import duckdb

READS = "Parquet"


def open(data):
    return data["files"]


def run(files, args):
    query = "SELECT sum(numeric_value::DOUBLE) FROM read_parquet($files) WHERE code LIKE 'LAB//%'"
    return dict(total=duckdb.execute(query, {"files": files}).fetchone()[0])
