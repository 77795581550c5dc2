"""The peer's side of questions.mjs: python questions.py DATABASE THREADS. Codes per year, as its README counts them: a function
that db.map runs over parts of the subjects, with a dictionary of its own, and the sum of the dictionaries."""
import collections
import json
import resource
import sys
import time

import meds_reader


def count(subjects):
    counts = collections.Counter()
    for subject in subjects:
        for event in subject.events:
            if event.time is not None:
                counts[(event.code, event.time.year)] += 1
    return counts


def cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    begin, used = time.perf_counter(), cpu()
    with meds_reader.SubjectDatabase(sys.argv[1], num_threads=int(sys.argv[2])) as db:
        counts = collections.Counter()
        for part in db.map(count):
            counts.update(part)
    seconds = time.perf_counter() - begin
    # The same number as in questions.mjs: over the codes' bytes, the years and the counts.
    check = 0
    for (code, year), rows in counts.items():
        check = (check + (sum(code.encode()) * 31 + year) * rows) % 2**40
    print(json.dumps(dict(seconds=seconds, cpu=cpu() - used, entries=len(counts), rows=sum(counts.values()), check=check)))
