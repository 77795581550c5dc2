"""meds-torch-data: preparing its form, and training batches of it."""
import importlib.metadata
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import polars as pl
from common import moment
from meds_torchdata import MEDSPytorchDataset, MEDSTorchDataConfig

VERSION = importlib.metadata.version("meds-torch-data")
READS = "its own nested ragged tensors"
NOTE = "one split, values not scaled; memory of the largest process; disk with what the steps before the last leave"
SPLIT = "train"
LENGTH = 512
BATCH = 256


def prepare(dataset, threads):
    """MTD_preprocess over links to the source, arranged so that the windows can be the same ones.

    All files are of one split: a dataset reads one, and rows whose codes that split has not are dropped from the others. Values stay as they are
    because the codes' metadata have mean 0 and deviation 1, which the package takes in place of its own: else those of a code without any
    deviation become NaN, that is absent, and the others cannot be compared.
    """
    with tempfile.TemporaryDirectory() as source:
        data, metadata = os.path.join(source, "data", SPLIT), os.path.join(source, "metadata")
        os.makedirs(data)
        os.makedirs(metadata)
        for i, file in enumerate(dataset["files"]):
            os.symlink(os.path.abspath(file), os.path.join(data, f"{i}.parquet"))
        codes = pl.concat([pl.scan_parquet(file).select(pl.col("code").cast(pl.String).unique()) for file in dataset["files"]]).unique().collect()
        scale = {"values/mean": pl.lit(0.0), "values/std": pl.lit(1.0)}
        codes.sort("code").with_columns(**scale).write_parquet(os.path.join(metadata, "codes.parquet"))

        programs = os.path.dirname(sys.executable)  # the command starts others by their names
        environment = os.environ | dict(PATH=programs + os.pathsep + os.environ.get("PATH", ""), POLARS_MAX_THREADS=str(threads))
        command = [shutil.which("MTD_preprocess", path=programs), f"MEDS_dataset_dir='{source}'", f"output_dir='{dataset['form']}'"]
        begin = time.perf_counter()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise RuntimeError(f"MTD_preprocess ended with {done.returncode}: {done.stdout.strip()[-1000:]}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return dict(seconds=seconds, peakBytes=peak)


class Windows:
    """As-of windows of the plan: `end_event_index` is the number of distinct times at or before the prediction time, which is our inclusive rule."""

    def __init__(self, form, workers=0):
        self.form, self.workers = form, workers
        self.whole = MEDSPytorchDataset(self.config(), split=SPLIT)
        self.dataset = self.loader = self.count = None

    def config(self, **more):
        fixed = dict(max_seq_len=LENGTH, seq_sampling_strategy="to_end", static_inclusion_mode="omit", batch_mode="SM")
        return MEDSTorchDataConfig(tensorized_cohort_dir=self.form, **fixed, **more)

    def check(self):
        """What would make it read other windows than the requested ones, silently."""
        for shard, schema in self.whole.schema_dfs_by_shard.items():
            if schema["time"].null_count() > 0:
                # Its tensors leave such patients out and its table of places does not, so that all who follow are read as somebody else.
                raise RuntimeError(f"shard {shard} has patients without any time: meds-torch-data reads the rows of others for those behind them")
            if (schema["time"].explode().dt.microsecond() != 0).any():
                raise RuntimeError("times have fractions of a second, which meds-torch-data cuts off before it takes differences")

    def workloads(self, plan):
        self.check()
        codes = pl.read_parquet(os.path.join(self.form, "metadata", "codes.parquet"), columns=["code", "code/vocab_index"])
        lengths = np.zeros(codes["code/vocab_index"].max() + 1, np.int64)
        lengths[codes["code/vocab_index"].to_numpy()] = codes["code"].str.len_chars().to_numpy()
        with tempfile.TemporaryDirectory() as folder:  # read once, here
            items = dict(subject_id=[int(id) for id, _ in plan["batches"]], prediction_time=[moment(bound) for _, bound in plan["batches"]])
            schema = dict(subject_id=pl.Int64, prediction_time=pl.Datetime("us"))
            pl.DataFrame(items, schema=schema).write_parquet(os.path.join(folder, "0.parquet"))
            self.dataset = MEDSPytorchDataset(self.config(task_labels_dir=folder), split=SPLIT)
        if len(self.dataset) != len(plan["batches"]):
            raise RuntimeError(f"{len(self.dataset)} of {len(plan['batches'])} samples are left: the others' patients are unknown to it")

        def batches(count):
            made = list(self.batches(count))
            return lambda: answer_of(made, lengths)

        return dict(batches=batches)

    def batches(self, count):
        if self.count != count:
            self.close()
            more = dict(num_workers=self.workers, persistent_workers=True) if self.workers > 0 else {}
            self.loader, self.count = self.dataset.get_dataloader(batch_size=BATCH, sampler=range(count), **more), count
        return self.loader

    def close(self):
        """Its workers end with the loader."""
        self.loader = self.count = None


def answer_of(batches, lengths):
    """As lib/batches.mjs. The mask of values is read where there is a row: it is set at padding, too."""
    rows = before = chars = 0
    total = days = 0.0
    for batch in batches:
        code = batch.code.numpy()
        here = code != 0
        rows += int(here.sum())
        before += int(batch.numeric_value_mask.numpy()[here].sum())
        chars += int(lengths[code].sum())
        total += float(batch.numeric_value.numpy()[here].sum(dtype=np.float64))
        # One after another, as the reference adds them: they must be equal to the last bit.
        days = float(np.cumsum(np.concatenate([[days], batch.time_delta_days.numpy()[here].astype(np.float64)]))[-1])
    return dict(rows=rows, before=before, chars=chars, total=total, days=days)
