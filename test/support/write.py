"""Writes Parquet files from tagged JSON on stdin (see python.ts): [{path, rowGroup, compression, columns: [{name, type, values}]}]."""
import json
import sys
from decimal import Decimal, getcontext

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

getcontext().prec = 100


def value(tagged):
    if isinstance(tagged, list):
        return [value(item) for item in tagged]
    if not isinstance(tagged, dict):
        return tagged
    (tag, inner), = tagged.items()
    if tag == "i":
        return int(inner)
    if tag == "f":
        return float(inner.replace("Infinity", "inf"))
    if tag == "b":
        return bytes.fromhex(inner)
    if tag == "s":
        return {key: value(item) for key, item in inner}
    return [(value(key), value(item)) for key, item in inner]  # m


def array(kind, values):
    """Times come as integers in their own unit, decimals as text."""
    kind = eval(kind, {"pa": pa})
    if pa.types.is_floating(kind):
        floats = [None if v is None else float(v) for v in values]
        if kind == pa.float16():
            return pa.array([None if v is None else np.float16(v) for v in floats], kind)
        return pa.array(floats, kind)
    if pa.types.is_decimal(kind):
        return pa.array([None if v is None else Decimal(v) for v in values], kind)
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).view(kind)
    return pa.array(values, kind)


for file in json.load(sys.stdin):
    columns = {c["name"]: array(c["type"], value(c["values"])) for c in file["columns"]}
    table = pa.table(columns)
    pq.write_table(table, file["path"], row_group_size=file["rowGroup"], compression=file["compression"], data_page_size=file.get("pageSize"),
                   use_dictionary=file.get("dictionary", True), data_page_version=file.get("pageVersion", "1.0"))
