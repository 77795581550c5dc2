"""polars over the Parquet files: lazy scans, of which filters and columns are pushed into the reader."""
import polars as pl
from common import counts_digest, los_digest, moment, per_patient, pipe_digest, years_digest

TITLE = "polars (Python), Parquet"
VERSION = pl.__version__
READS = "Parquet"
THREADS = "all"
DAY = 86_400_000_000


def open_dataset(dataset):
    return pl.scan_parquet(dataset["files"])


def workloads(lazy, plan, dataset):
    three = lazy.select("subject_id", "time", "code", "numeric_value")
    total = lambda frame: frame["numeric_value"].cast(pl.Float64).sum()
    chars = lambda frame: int(frame["code"].str.len_chars().sum())
    time = pl.col("time").cast(pl.Datetime("us"))

    def timeline(item):
        id, bound = item
        frame = three.filter(pl.col("subject_id") == int(id)).collect()
        return len(frame), int((frame["time"] <= moment(bound)).sum()), chars(frame), total(frame)

    def columns(id):
        frame = lazy.filter(pl.col("subject_id") == int(id)).collect()
        before = text = 0
        floats = 0.0
        for column in plan["schema"]:
            series = frame[column["name"]]
            if column["kind"] == "text":
                text += int(series.cast(pl.String).str.len_chars().sum())
            elif column["kind"] == "float":
                floats += series.cast(pl.Float64).sum()
            else:
                before += len(series) - series.null_count()
        return len(frame), before, text, floats

    def last(id):
        return 1, len(three.filter(pl.col("subject_id") == int(id)).select("code").collect()["code"][-1])

    def window(size):
        def each(item):
            id, bound = item
            known = (pl.col("subject_id") == int(id)) & (pl.col("time").is_null() | (pl.col("time") <= moment(bound)))
            frame = three.filter(known).select("code", "numeric_value").collect().tail(size)
            return len(frame), chars(frame), total(frame)

        return each

    def code(item):
        wanted, ids = item
        ids = [int(id) for id in ids]
        # A patient that was drawn twice counts twice.
        frame = three.filter(pl.col("subject_id").is_in(ids) & (pl.col("code") == wanted)).select("subject_id", "numeric_value").collect()
        frame = pl.DataFrame({"subject_id": ids}).join(frame, on="subject_id")
        return len(frame), total(frame)

    def scan(_):
        frame = three.select("time", "code", "numeric_value").collect()
        return dict(rows=len(frame), before=int((frame["time"] <= moment(plan["scan"])).sum()), chars=chars(frame), total=total(frame))

    def counts(_):
        frame = lazy.group_by("code").len().collect()
        return lambda: counts_digest(frame.rows())

    def years(_):
        frame = lazy.select("subject_id", year=pl.col("time").dt.year()).drop_nulls("year").group_by("subject_id", "year").len().collect()
        return lambda: years_digest(frame.rows())

    def visits(frame):
        """Of each visit with an admission and a discharge: start and end."""
        ends = frame.filter(pl.col("code").str.starts_with("HOSPITAL_") & pl.col("time").is_not_null())
        keys = ["subject_id", "hadm_id"]
        start = ends.filter(pl.col("code").str.starts_with("HOSPITAL_ADMISSION")).unique(keys, keep="first", maintain_order=True)
        end = ends.filter(pl.col("code").str.starts_with("HOSPITAL_DISCHARGE")).unique(keys, keep="first", maintain_order=True)
        return start.rename({"time": "start"}).drop("code").join(end.select(*keys, end="time"), on=keys)

    def los(_):
        frame = lazy.select("subject_id", "hadm_id", "time", "code").filter(pl.col("hadm_id").is_not_null()).collect()
        codes = frame.select("subject_id", "hadm_id", "code").unique().group_by("subject_id", "hadm_id").agg("code")
        days = (pl.col("end") - pl.col("start")).dt.total_microseconds() // DAY
        samples = visits(frame).with_columns(label=days).join(codes, on=["subject_id", "hadm_id"])
        return lambda: los_digest(samples.select("hadm_id", "subject_id", "label", "code").rows())

    def pipe(_):
        keys = ["subject_id", "hadm_id"]
        frame = lazy.select(*keys, "time", "code", "numeric_value").collect()
        admission = pl.col("code").str.starts_with("HOSPITAL_ADMISSION")
        admitted = lazy.filter(admission & pl.col("hadm_id").is_not_null() & pl.col("time").is_not_null()).select(*keys, "race", "insurance").collect()
        gender = pl.col("code").str.starts_with("GENDER//")
        people = frame.filter(gender | (pl.col("code") == "MEDS_BIRTH"))
        person = people.group_by("subject_id").agg(
            gender=pl.col("code").filter(gender).last(), birth=pl.col("time").filter(pl.col("code") == "MEDS_BIRTH").first()
        )
        frame = frame.filter(pl.col("hadm_id").is_not_null())
        stays = visits(frame.select(*keys, "time", "code")).join(person, on="subject_id", how="left")
        stays = stays.join(admitted.unique(keys, keep="first", maintain_order=True), on=keys, how="left")
        days = (pl.col("end") - pl.col("start")).dt.total_microseconds() // DAY
        stays = stays.with_columns(label=(days > 3).cast(pl.Int64))
        known = frame.select(*keys, "time", "code", "numeric_value").join(stays.select(*keys, "start"), on=keys, maintain_order="left")
        known = known.filter(pl.col("time").is_null() | (pl.col("time") - pl.col("start") <= pl.duration(days=1)))
        value = pl.col("numeric_value").cast(pl.Float64)
        none = pl.lit(None, pl.Float64)
        extra = [
            stays.filter(pl.col(name).is_not_null()).select(*keys, name=pl.col(name).cast(pl.String), value=none) for name in ("gender", "race", "insurance")
        ]
        age = (pl.col("start").dt.year() - pl.col("birth").dt.year()).cast(pl.Float64)
        extra.append(stays.filter(pl.col("birth").is_not_null()).select(*keys, name=pl.lit("age"), value=age))
        all_values = pl.concat([known.select(*keys, name=pl.col("code").cast(pl.String), value=value), *extra])
        means = all_values.group_by(*keys, "name").agg(
            total=pl.col("value").sum(), valued=pl.col("value").count(), count=pl.len()
        )
        means = means.with_columns(mean=pl.when(pl.col("valued") > 0).then(pl.col("total") / pl.col("valued")))
        samples = means.group_by(*keys).agg("name", "mean", "count").join(stays.select(*keys, "label"), on=keys)
        return lambda: pipe_digest(
            (visit, subject, label, list(zip(names, averages, numbers)))
            for visit, subject, label, names, averages, numbers in samples.select("hadm_id", "subject_id", "label", "name", "mean", "count").iter_rows()
        )

    return per_patient(plan, timeline, columns, last, window, code) | dict(scan=scan, counts=counts, years=years, los=los, pipe=pipe)
