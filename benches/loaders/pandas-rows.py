"""pandas in memory, event by event (itertuples): what most programs do with a patient's events."""
from common import counts_digest, moment, over
from frames import VERSION, Frames

TITLE = "pandas in memory, itertuples"
READS = "Parquet, all of 4 columns in memory"
THREADS = 1


def open_dataset(dataset):
    return Frames(dataset["files"])


def workloads(held, plan, dataset):
    import pandas as pd

    def read(frame, bound):
        rows = before = chars = 0
        total = 0.0
        for event in frame.itertuples(index=False):
            rows += 1
            if event.time <= bound:  # False for a row without a time
                before += 1
            chars += len(event.code)
            value = event.numeric_value
            if value == value:
                total += value
        return rows, before, chars, total

    def timeline(item):
        id, bound = item
        return read(held.of(id), bound)

    def window(size):
        def each(item):
            id, bound = item
            frame = held.of(id)
            frame = frame[frame["time"].isna() | (frame["time"] <= bound)].iloc[-size:]
            rows, _, chars, total = read(frame, bound)
            return rows, chars, total

        return each

    def scan(_):
        return dict(zip(("rows", "before", "chars", "total"), read(held.frame, pd.Timestamp(moment(plan["scan"])))))

    def counts(_):
        found = held.frame["code"].value_counts()
        return lambda: counts_digest((code, int(count)) for code, count in found.items() if count)

    timed = lambda items: [(int(id), pd.Timestamp(moment(bound))) for id, bound in items]
    last = lambda id: (1, len(held.of(id)["code"].iloc[-1]))
    return dict(
        open=lambda _: dict(chars=last(plan["open"])[1]),
        timeline=over(timed(plan["timeline"]), timeline),
        neighbours=over(timed(plan["neighbours"]), timeline),
        last=over(plan["last"], last, ("rows", "chars")),
        window256=over(timed(plan["window256"]), window(256), ("rows", "chars", "total")),
        window2048=over(timed(plan["window2048"]), window(2048), ("rows", "chars", "total")),
        scan=scan,
        counts=counts,
    )
