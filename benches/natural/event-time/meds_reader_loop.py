import datetime

from database import open

READS = "its own store"


def run(db, args):
    bound = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=args["bound"])
    before = 0
    for subject_id in args["subjects"]:
        for event in db[subject_id].events:
            time = event.time
            if time is not None and time <= bound:
                before += 1
    return dict(before=before)
