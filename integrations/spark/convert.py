"""Converts a dataset to a store of meds-reader on a Spark cluster: spark-submit convert.py SOURCE STORE PARTS

All executors see the source and the store by the same paths, and have `meds-reader` ($MEDS_READER, or on PATH).
"""

import json
import os
import shlex
import subprocess
import sys

from pyspark.sql import SparkSession

READER = shlex.split(os.environ.get("MEDS_READER", "meds-reader"))


def step(*arguments):
    done = subprocess.run([*READER, "cluster", *arguments, "--progress", "none"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def main(source, store, parts):
    spark = SparkSession.builder.appName("meds-reader").getOrCreate()

    def each(name, which):
        # Spark repeats a part that fails (spark.task.maxFailures), and one that takes long (spark.speculation).
        tasks = spark.sparkContext.parallelize(which, max(1, len(which)))
        tasks.foreach(lambda part: step(name, work, "--part", str(part), "--threads", "1"))

    work = step("plan", source, store, "--parts", parts)["work"]
    every = range(int(parts))
    each("survey", every)
    if not step("join", work)["alone"]:
        each("measure", every)
        each("write", step("settle", work)["parts"])
    print(json.dumps(step("finish", work)))


if __name__ == "__main__":
    main(*sys.argv[1:])
