from pool import pool as open

READS = "its own store"


def labs(subjects):
    total = 0.0
    for subject in subjects:
        for event in subject.events:
            if event.numeric_value is not None and event.code.startswith("LAB//"):
                total += event.numeric_value
    return total


def run(db, args):
    return dict(total=sum(db.map(labs)))
