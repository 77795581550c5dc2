"""A larger dataset from a small one: python repeat.py SOURCE TARGET TIMES. Each patient is repeated under new ids; rows, times and codes stay as they are."""
import glob
import os
import shutil
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

source, target, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
work = f"{target}.work-{os.getpid()}"
shutil.rmtree(work, ignore_errors=True)


def shifted(table, copy, step):
    """The table with other ids, in the schema of the source."""
    ids = pc.add(table["subject_id"], pa.scalar(copy * step, pa.int64()))
    return table.set_column(table.schema.get_field_index("subject_id"), table.schema.field("subject_id"), ids)


files = sorted(glob.glob(os.path.join(source, "data", "**", "*.parquet"), recursive=True))
greatest = max(pc.max(pq.read_table(file, columns=["subject_id"])["subject_id"]).as_py() for file in files)
STEP = 10 ** len(str(greatest))  # the new id of patient 10000032 in copy 3 is 310000032
for file in files:
    table = pq.read_table(file)
    folder = os.path.join(work, os.path.dirname(os.path.relpath(file, source)))
    os.makedirs(folder, exist_ok=True)
    name = os.path.splitext(os.path.basename(file))[0]
    for copy in range(times):
        pq.write_table(shifted(table, copy, STEP), os.path.join(folder, f"{name}-{copy:03}.parquet"))

shutil.copytree(os.path.join(source, "metadata"), os.path.join(work, "metadata"), copy_function=shutil.copyfile)
os.chmod(os.path.join(work, "metadata"), 0o755)
splits = os.path.join(work, "metadata", "subject_splits.parquet")
if os.path.exists(splits):
    table = pq.read_table(splits)
    pq.write_table(pa.concat_tables(shifted(table, copy, STEP) for copy in range(times)), splits)
os.rename(work, target)
