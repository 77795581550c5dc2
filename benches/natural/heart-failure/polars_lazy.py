import polars as pl

READS = "Parquet"
YEAR = pl.duration(days=365, hours=6)


def open(data):
    return pl.scan_parquet(data["files"])


def run(events, args):
    code, time = pl.col("code"), pl.col("time")
    icu = events.filter(code.str.starts_with(args["icu"])).group_by("subject_id").agg(icu=time.min())
    birth = events.filter(code == "MEDS_BIRTH").group_by("subject_id").agg(birth=time.min())
    before = events.select("subject_id", "time", "code", "numeric_value").join(icu, on="subject_id").filter(time < pl.col("icu"))
    failing = before.filter(pl.any_horizontal(code.str.starts_with(prefix) for prefix in args["heartFailure"])).select("subject_id").unique()
    labs = before.filter((code == args["creatinine"]) & pl.col("numeric_value").is_not_null() & (time >= pl.col("icu") - YEAR))
    last = labs.group_by("subject_id").agg(creatinine=pl.col("numeric_value").sort_by("time", maintain_order=True).last())
    cohort = icu.join(failing, on="subject_id").join(birth, on="subject_id", how="left").join(last, on="subject_id", how="left")
    return cohort.with_columns(age=(pl.col("icu") - pl.col("birth")) / YEAR).select("subject_id", "age", "creatinine").collect()


def rows(frame):
    values = frame["creatinine"].cast(pl.Float64)
    return dict(patients=len(frame), age=frame["age"].sum(), measured=len(values) - values.null_count(), creatinine=values.sum())
