from loader import workload

READS = "its own store"
open, run = workload("meds_reader.py", "columns", "database")
