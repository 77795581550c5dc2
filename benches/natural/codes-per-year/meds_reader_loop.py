"""The same in one process."""
from database import open
from meds_reader_map import count, rows

READS = "its own store"


def run(db, args):
    (counts,) = db.map(count)
    return counts
