"""What both loaders of pandas share: three columns in memory, codes as categories, and where each patient's rows are."""
import numpy as np
import pandas as pd
import pyarrow.dataset as ds


class Frames:
    def __init__(self, files):
        table = ds.dataset(files, format="parquet").to_table(columns=["subject_id", "time", "code", "numeric_value"])
        code = table["code"].dictionary_encode()
        table = table.set_column(table.schema.get_field_index("code"), "code", code)
        self.frame = table.to_pandas()
        ids = self.frame["subject_id"].to_numpy()
        edges = np.flatnonzero(np.diff(ids)) + 1
        begins = np.concatenate(([0], edges)) if len(ids) else edges
        ends = np.concatenate((edges, [len(ids)]))
        # A patient's rows are consecutive.
        self.ranges = {int(ids[begin]): (int(begin), int(end)) for begin, end in zip(begins, ends)}
        self.lengths = self.frame["code"].cat.categories.str.len().to_numpy().astype(np.int64)

    def of(self, id):
        begin, end = self.ranges[int(id)]
        return self.frame.iloc[begin:end]


VERSION = pd.__version__
