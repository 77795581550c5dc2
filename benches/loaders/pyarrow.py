"""pyarrow over the Parquet files: datasets, of which filters and columns are pushed into the reader."""
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from common import counts_digest, moment, per_patient, years_digest

TITLE = "pyarrow dataset, Parquet"
VERSION = pa.__version__
READS = "Parquet"
THREADS = "all"


def open_dataset(dataset):
    return ds.dataset(dataset["files"], format="parquet")


def workloads(source, plan, dataset):
    three = ["time", "code", "numeric_value"]
    of = lambda id: ds.field("subject_id") == int(id)
    total = lambda column: pc.sum(pc.cast(column, pa.float64())).as_py() or 0.0
    chars = lambda column: pc.sum(pc.utf8_length(column)).as_py() or 0
    before = lambda column, bound: pc.sum(pc.less_equal(column, pa.scalar(moment(bound), column.type))).as_py() or 0

    def timeline(item):
        id, bound = item
        table = source.to_table(columns=three, filter=of(id))
        return len(table), before(table["time"], bound), chars(table["code"]), total(table["numeric_value"])

    def columns(id):
        table = source.to_table(filter=of(id))
        others = text = 0
        floats = 0.0
        for column in plan["schema"]:
            values = table[column["name"]]
            if column["kind"] == "text":
                text += chars(values)
            elif column["kind"] == "float":
                floats += total(values)
            else:
                others += len(values) - values.null_count
        return len(table), others, text, floats

    def last(id):
        return 1, len(source.to_table(columns=["code"], filter=of(id))["code"][-1].as_py())

    def window(size):
        def each(item):
            id, bound = item
            time = ds.field("time")
            table = source.to_table(columns=["code", "numeric_value"], filter=of(id) & (time.is_null() | (time <= pa.scalar(moment(bound)))))
            table = table.slice(max(0, len(table) - size))
            return len(table), chars(table["code"]), total(table["numeric_value"])

        return each

    def code(item):
        wanted, ids = item
        ids = pa.table({"subject_id": pa.array([int(id) for id in ids])})
        table = source.to_table(
            columns=["subject_id", "numeric_value"], filter=ds.field("subject_id").isin(ids["subject_id"].combine_chunks()) & (ds.field("code") == wanted)
        )
        table = ids.join(table, "subject_id", join_type="inner")  # a patient that was drawn twice counts twice
        return len(table), total(table["numeric_value"])

    def scan(_):
        table = source.to_table(columns=three)
        return dict(rows=len(table), before=before(table["time"], plan["scan"]), chars=chars(table["code"]), total=total(table["numeric_value"]))

    def counts(_):
        found = source.to_table(columns=["code"]).group_by("code").aggregate([([], "count_all")])
        return lambda: counts_digest(zip(found["code"].to_pylist(), found["count_all"].to_pylist()))

    def years(_):
        table = source.to_table(columns=["subject_id", "time"], filter=ds.field("time").is_valid())
        table = pa.table({"subject_id": table["subject_id"], "year": pc.year(table["time"])})
        found = table.group_by(["subject_id", "year"]).aggregate([([], "count_all")])
        return lambda: years_digest(zip(*(found[name].to_pylist() for name in ("subject_id", "year", "count_all"))))

    return per_patient(plan, timeline, columns, last, window, code) | dict(scan=scan, counts=counts, years=years)
