"""Reads the output of `meds-reader batches`: meds-reader batches STORE --split train | python examples/read_batches.py"""
import sys

import numpy as np
import pyarrow as pa

try:
    import torch
except ImportError:
    torch = None


def arrays(batch):
    """Columns as arrays, without a copy except for times: [B, S] for fixed-size lists, [B] for plain columns. A null time is NaT."""
    for name in batch.schema.names:
        column = batch.column(name)
        if pa.types.is_fixed_size_list(column.type):
            values = column.flatten()
            yield name, values.to_numpy(zero_copy_only=values.null_count == 0).reshape(len(column), column.type.list_size)
        elif not pa.types.is_list(column.type):
            yield name, column.to_numpy(zero_copy_only=False)


with pa.ipc.open_stream(sys.stdin.buffer) as stream:
    for number, batch in enumerate(stream):
        found = dict(arrays(batch))
        code, value = found["code"], found["numeric_value"]
        rows = int(np.count_nonzero(code))
        print(number, code.shape, rows, int(code.sum(dtype=np.int64)), float(value.sum(dtype=np.float64)), flush=True)
        if torch is not None:
            tensor = torch.from_numpy(np.array(code))  # Arrow's memory is read-only, so a tensor needs its own copy
            assert tensor.shape == code.shape
