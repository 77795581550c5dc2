"""The same with text as keys, as the port has them."""
from collections import Counter

from pool import pool as open

READS = "its own store"


def count(subjects):
    counts = Counter()
    for subject in subjects:
        for event in subject.events:
            if event.time is not None:
                counts[f"{event.code}\t{event.time.year}"] += 1
    return counts


def run(db, args):
    return sum(db.map(count), Counter())


def rows(total):
    return ((*key.split("\t"), number) for key, number in total.items())
