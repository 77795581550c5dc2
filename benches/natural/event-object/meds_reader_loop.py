"""Iterating over an event yields name and value of the attributes that are not null."""
from database import open

READS = "its own store"


def run(db, args):
    rows = values = 0
    for subject_id in args["subjects"]:
        for event in db[subject_id].events:
            rows += 1
            for name, value in event:
                values += 1
    return dict(rows=rows, values=values)
