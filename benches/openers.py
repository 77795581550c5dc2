"""Who opens a store's shard as it is: `python openers.py DATASET SHARD` prints a row a program, with its version.

"right": subject, time, code, numeric_value and visit_id of every row equal the dataset's Parquet; otherwise what the program said or changed.
DATASET: what `meds-reader generate` made; SHARD: shards/00000.arrow of its store. Programs that are not installed are left out; requirements-openers.txt
has the versions of docs/compatibility.md.
"""
import glob
import importlib.metadata
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

DATASET, SHARD = sys.argv[1:3]
NAMES = ["subject_id", "time", "code", "numeric_value", "visit_id"]


def canonical(table):
    """The rows as sorted tuples of plain values: time in microseconds."""
    table = table if isinstance(table, pa.Table) else pa.table(table)
    columns = {
        name: table[name].cast(kind) for name, kind in zip(NAMES, (pa.int64(), pa.timestamp("us"), pa.string(), pa.float64(), pa.int64()))
    }
    columns["time"] = columns["time"].cast(pa.int64())
    return sorted(zip(*(column.to_pylist() for column in columns.values())), key=repr)


def mapped():
    return ipc.open_file(pa.memory_map(SHARD)).read_all()


def flat(table):
    """The events of a table of patients, by pyarrow."""
    events = table["events"].combine_chunks()
    rows = pa.Table.from_struct_array(events.flatten())
    parents = pc.list_parent_indices(events)
    return rows.append_column("subject_id", pc.take(table["subject_id"].combine_chunks(), parents))


def by_pyarrow():
    return flat(mapped())


def by_polars():
    import polars as pl

    return pl.scan_ipc(SHARD).select("subject_id", "events").explode("events").unnest("events").select(NAMES).collect().to_arrow()


SELECT = ", ".join(NAMES[1:])


def by_duckdb():
    import duckdb

    t = mapped()  # found by its name
    unnested = "SELECT subject_id, unnest(events) AS e FROM t"
    return duckdb.sql(f"SELECT subject_id, e.time, e.code::VARCHAR AS code, e.numeric_value, e.visit_id FROM ({unnested})").to_arrow_table()


def by_datafusion():
    from datafusion import SessionContext

    context = SessionContext()
    context.register_arrow("t", SHARD)
    fields = ", ".join(f"e['{name}'] AS {name}" for name in NAMES[1:])
    return pa.table(context.sql(f"SELECT subject_id, {fields} FROM (SELECT subject_id, unnest(events) AS e FROM t)"))


def by_chdb():
    import chdb

    fields = ", ".join(f"e.{name} AS {name}" for name in NAMES[1:])
    return chdb.query(f"SELECT subject_id, {fields} FROM file('{SHARD}', Arrow) ARRAY JOIN events AS e", "ArrowTable")


def by_arro3():
    import arro3.io

    return flat(pa.table(arro3.io.read_ipc(SHARD)))


def by_lance():
    import tempfile

    import lance

    with tempfile.TemporaryDirectory() as folder:
        return flat(lance.write_dataset(mapped(), f"{folder}/t").to_table())


def by_vortex():
    import vortex

    read = vortex.array(mapped()).to_arrow_array()
    return flat(pa.Table.from_batches([pa.RecordBatch.from_struct_array(chunk) for chunk in getattr(read, "chunks", [read])]))


def by_nanoarrow():
    import nanoarrow

    return flat(pa.table(nanoarrow.ArrayStream.from_path(SHARD)))


def by_daft():
    import daft

    return flat(daft.from_arrow(mapped()).to_arrow())


def by_pandas():
    import pandas

    read = pandas.read_feather(SHARD, columns=["subject_id", "events"])
    rows = [{**event, "subject_id": subject} for subject, events in zip(read["subject_id"], read["events"]) for event in events]
    return pa.Table.from_pandas(pandas.DataFrame(rows)[NAMES])


PROGRAMS = {
    "pyarrow": by_pyarrow,
    "polars": by_polars,
    "duckdb": by_duckdb,
    "datafusion": by_datafusion,
    "chdb": by_chdb,
    "arro3-io": by_arro3,
    "pylance": by_lance,
    "vortex-data": by_vortex,
    "nanoarrow": by_nanoarrow,
    "daft": by_daft,
    "pandas": by_pandas,
}


def difference(wrong, right):
    if len(wrong) != len(right):
        return f"{len(wrong)} rows of {len(right)}"
    names = [name for i, name in enumerate(NAMES) if sorted((r[i] for r in wrong), key=repr) != sorted((r[i] for r in right), key=repr)]
    return f"other values in {', '.join(names)}"


def main():
    right = canonical(pa.concat_tables([pq.ParquetFile(path).read(columns=NAMES) for path in sorted(glob.glob(f"{DATASET}/data/**/*.parquet", recursive=True))]))
    print(f"{len(right)} rows")
    for name, read in PROGRAMS.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        try:
            rows = canonical(read())
            outcome = "right" if rows == right else difference(rows, right)
        except BaseException as error:  # Some programs panic.
            outcome = f"refuses: {type(error).__name__}: {' '.join(str(error).split())[:160]}"
        print(f"{name:12} {version:10} {outcome}", flush=True)


main()
