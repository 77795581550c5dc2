import polars as pl

READS = "Parquet"


def open(data):
    return pl.scan_parquet(data["files"])


def run(events, args):
    timed = events.filter(pl.col("time").is_not_null())
    return timed.group_by("code", year=pl.col("time").dt.year()).len().collect()


def rows(frame):
    return frame.select("code", "year", "len").iter_rows()
