"""What both loaders of DuckDB in Python share: results fetched as numpy arrays."""
import numpy as np
from common import counts_digest, moment, per_patient, years_digest


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def paths(files):
    return "[" + ", ".join("'" + file.replace("'", "''") + "'" for file in files) + "]"


def texts(array):
    """Lengths of a column of strings, nulls left out."""
    return sum(map(len, array.compressed() if isinstance(array, np.ma.MaskedArray) else array))


def total(array):
    values = array.compressed() if isinstance(array, np.ma.MaskedArray) else array
    return float(values.astype(np.float64).sum()) if len(values) else 0.0


def present(array):
    return int(array.count()) if isinstance(array, np.ma.MaskedArray) else len(array)


def before(array, bound):
    values = array.compressed() if isinstance(array, np.ma.MaskedArray) else array
    return int((values <= np.datetime64(moment(bound), "us")).sum())


def duck_workloads(sql, source, row, plan):
    """`source`: a table or a call; `row`: the column that has a patient's rows in order."""
    three = "time, code, numeric_value"
    fetch = lambda query, *values: sql.execute(query, list(values)).fetchnumpy()

    def timeline(item):
        id, bound = item
        found = fetch(f"SELECT {three} FROM {source} WHERE subject_id = ?", int(id))
        return len(found["code"]), before(found["time"], bound), texts(found["code"]), total(found["numeric_value"])

    names = ", ".join(quoted(column["name"]) for column in plan["schema"])

    def columns(id):
        found = fetch(f"SELECT {names} FROM {source} WHERE subject_id = ?", int(id))
        others = chars = 0
        floats = 0.0
        for column in plan["schema"]:
            array = found[column["name"]]
            if column["kind"] == "text":
                chars += texts(array)
            elif column["kind"] == "float":
                floats += total(array)
            else:
                others += present(array)
        return len(found["code"]), others, chars, floats

    def last(id):
        return 1, len(sql.execute(f"SELECT code FROM {source} WHERE subject_id = ? ORDER BY {row} DESC LIMIT 1", [int(id)]).fetchone()[0])

    def window(size):
        query = f"SELECT code, numeric_value FROM {source} WHERE subject_id = ? AND (time IS NULL OR time <= ?) ORDER BY {row} DESC LIMIT {size}"

        def each(item):
            id, bound = item
            found = fetch(query, int(id), moment(bound))
            return len(found["code"]), texts(found["code"]), total(found["numeric_value"])

        return each

    def code(item):
        wanted, ids = item
        query = f"SELECT numeric_value FROM (SELECT unnest(?::BIGINT[]) AS subject_id) JOIN {source} USING (subject_id) WHERE code = ?"
        values = fetch(query, [int(id) for id in ids], wanted)["numeric_value"]
        return len(values), total(values)

    def scan(_):
        found = fetch(f"SELECT {three} FROM {source}")
        return dict(rows=len(found["code"]), before=before(found["time"], plan["scan"]), chars=texts(found["code"]), total=total(found["numeric_value"]))

    def counts(_):
        found = sql.execute(f"SELECT code, count(*) FROM {source} GROUP BY code").fetchall()
        return lambda: counts_digest(found)

    def years(_):
        found = sql.execute(f"SELECT subject_id, year(time), count(*) FROM {source} WHERE time IS NOT NULL GROUP BY ALL").fetchall()
        return lambda: years_digest(found)

    return per_patient(plan, timeline, columns, last, window, code) | dict(scan=scan, counts=counts, years=years)
