import polars as pl

READS = "Parquet"


def open(data):
    return pl.scan_parquet(data["files"])


def run(events, args):
    values = events.filter(pl.col("code").str.starts_with("LAB//")).select(pl.col("numeric_value").cast(pl.Float64).sum())
    return dict(total=values.collect().item())
