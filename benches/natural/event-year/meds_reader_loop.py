from database import open

READS = "its own store"


def run(db, args):
    total = 0
    for subject_id in args["subjects"]:
        for event in db[subject_id].events:
            if event.time is not None:
                total += event.time.year
    return dict(sum=total)
