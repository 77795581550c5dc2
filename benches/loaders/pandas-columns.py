"""pandas in memory, each patient's columns as numpy arrays: no row is looked at by Python."""
import numpy as np
from common import counts_digest, moment, over, years_digest
from frames import VERSION, Frames

TITLE = "pandas in memory, columns"
READS = "Parquet, all of 4 columns in memory"
THREADS = 1


def open_dataset(dataset):
    return Frames(dataset["files"])


def workloads(held, plan, dataset):
    # Arrays of the whole columns, once: slicing them costs less than slicing the frame.
    times = held.frame["time"].to_numpy()
    codes = held.frame["code"].cat.codes.to_numpy()
    values = held.frame["numeric_value"].to_numpy()
    categories = held.frame["code"].cat.categories
    lengths = held.lengths
    total = lambda array: float(np.nansum(array, dtype=np.float64))
    bound_of = lambda bound: np.datetime64(moment(bound), "us")

    def read(begin, end, bound):
        return end - begin, int((times[begin:end] <= bound).sum()), int(lengths[codes[begin:end]].sum()), total(values[begin:end])

    def timeline(item):
        id, bound = item
        return read(*held.ranges[id], bound)

    def window(size):
        def each(item):
            id, bound = item
            begin, end = held.ranges[id]
            own = times[begin:end]
            static = int(np.isnat(own).sum())
            stop = begin + static + int(np.searchsorted(own[static:], bound, side="right"))
            begin = max(begin, stop - size)
            return stop - begin, int(lengths[codes[begin:stop]].sum()), total(values[begin:stop])

        return each

    def last(id):
        return 1, len(categories[codes[held.ranges[id][1] - 1]])

    def code(item):
        wanted, ids = item
        number = categories.get_loc(wanted)
        rows, sums = 0, 0.0
        for id in ids:
            begin, end = held.ranges[id]
            found = values[begin:end][codes[begin:end] == number]
            rows += len(found)
            sums += total(found)
        return rows, sums

    def scan(_):
        rows, before, chars, sums = read(0, len(codes), bound_of(plan["scan"]))
        return dict(rows=rows, before=before, chars=chars, total=sums)

    def counts(_):
        found = np.bincount(codes, minlength=len(categories))
        return lambda: counts_digest((code, int(count)) for code, count in zip(categories, found) if count)

    def years(_):
        frame = held.frame
        found = frame.groupby(["subject_id", frame["time"].dt.year], sort=False).size()
        return lambda: years_digest((int(id), int(year), int(count)) for (id, year), count in found.items() if count)

    timed = lambda items: [(int(id), bound_of(bound)) for id, bound in items]
    return dict(
        open=lambda _: dict(chars=last(int(plan["open"]))[1]),
        timeline=over(timed(plan["timeline"]), timeline),
        neighbours=over(timed(plan["neighbours"]), timeline),
        last=over([int(id) for id in plan["last"]], last, ("rows", "chars")),
        window256=over(timed(plan["window256"]), window(256), ("rows", "chars", "total")),
        window2048=over(timed(plan["window2048"]), window(2048), ("rows", "chars", "total")),
        code=over([(wanted, [int(id) for id in ids]) for wanted, ids in plan["code"]], code, ("rows", "total")),
        scan=scan,
        counts=counts,
        years=years,
    )
