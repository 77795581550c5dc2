"""Reads every value of some columns of a meds_reader database once, with a process for each core: read_once.py DATABASE [COLUMN...]"""
import functools, json, os, sys, time
import meds_reader


def count(names, subjects):
    found = 0
    for subject in subjects:
        for event in subject.events:
            for name in names:
                if getattr(event, name) is not None:
                    found += 1
    return found


if __name__ == "__main__":
    began = time.perf_counter()
    with meds_reader.SubjectDatabase(sys.argv[1], num_threads=os.cpu_count()) as database:
        names = sys.argv[2:] or list(database.properties)
        values = sum(database.map(functools.partial(count, names)))
    print(json.dumps({"seconds": time.perf_counter() - began, "processes": os.cpu_count(), "columns": len(names), "values": values}))
