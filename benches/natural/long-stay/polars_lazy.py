from loader import workload

READS = "Parquet"
open, run = workload("polars.py", "pipe", "source")
