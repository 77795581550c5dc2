// polars in Node over the Parquet files.
import pl from "nodejs-polars";
import { countsDigest, yearsDigest } from "../lib/digest.mjs";
import { perPatient, versionOf } from "../lib/loader.mjs";

export default {
  title: "nodejs-polars, Parquet",
  version: versionOf("nodejs-polars"),
  reads: "Parquet",
  threads: "all",
  open({ files }) {
    const frames = files.map((file) => pl.scanParquet(file).select("subject_id", "time", "code", "numeric_value"));
    return frames.length === 1 ? frames[0] : pl.concat(frames);
  },
  workloads(lazy, plan) {
    const of = (id) => pl.col("subject_id").eq(pl.lit(id).cast(pl.Int64));
    const micros = pl.col("time").cast(pl.Int64);
    const within = (bound) => micros.ltEq(pl.lit(bound).cast(pl.Int64));
    const total = (frame) => frame.getColumn("numeric_value").cast(pl.Float64).sum() ?? 0;
    const chars = (frame) => frame.getColumn("code").str.lengths().sum() ?? 0;
    const before = (frame, bound) => frame.filter(within(bound)).height;
    const timeline = async ([id, bound], sum) => {
      const frame = await lazy.filter(of(id)).collect();
      sum.rows += frame.height;
      sum.before += before(frame, bound);
      sum.chars += Number(chars(frame));
      sum.total += total(frame);
    };
    const window = async ([id, bound], size, sum) => {
      const known = of(id).and(pl.col("time").isNull().or(within(bound)));
      const frame = (await lazy.filter(known).select("code", "numeric_value").collect()).tail(size);
      sum.rows += frame.height;
      sum.chars += Number(chars(frame));
      sum.total += total(frame);
    };
    const lastCode = async (id) => (await lazy.filter(of(id)).select("code").collect()).getColumn("code").tail(1).toArray()[0];
    return {
      ...perPatient(plan, { timeline, window, lastCode }),
      async scan() {
        const frame = await lazy.select("time", "code", "numeric_value").collect();
        return { rows: frame.height, before: before(frame, BigInt(plan.scan)), chars: Number(chars(frame)), total: total(frame) };
      },
      async counts() {
        const frame = await lazy.groupBy("code").agg(pl.col("code").count().alias("rows")).collect();
        return () => countsDigest(rowsOf(frame, ["code", "rows"]));
      },
      async years() {
        const found = lazy.filter(pl.col("time").isNotNull()).select("subject_id", pl.col("time").date.year().alias("year"), "code");
        const frame = await found.groupBy(["subject_id", "year"]).agg(pl.col("code").count().alias("rows")).collect();
        return () => yearsDigest(rowsOf(frame, ["subject_id", "year", "rows"]));
      },
    };
  },
};

/** Rows as texts: ids use all 64 bits. */
function rowsOf(frame, names) {
  const columns = names.map((name) => frame.getColumn(name).cast(pl.Utf8).toArray());
  return columns[0].map((_, i) => columns.map((column) => column[i]));
}
