"""meds_reader's README: a function over the subjects of a process, its results merged."""
from collections import defaultdict

from pool import pool as open

READS = "its own store"


def count(subjects):
    counts = defaultdict(int)
    for subject in subjects:
        for event in subject.events:
            if event.time is not None:
                counts[(event.code, event.time.year)] += 1
    return dict(counts)


def run(db, args):
    total = defaultdict(int)
    for part in db.map(count):
        for key, number in part.items():
            total[key] += number
    return total


def rows(total):
    return ((code, year, number) for (code, year), number in total.items())
