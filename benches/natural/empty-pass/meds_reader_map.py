from pool import pool as open
from pool import started

READS = "its own store"


def run(db, args):
    return dict(called=len(list(db.map(started))) // 2)
