"""The peer's side of limited.mjs: python limited.py DATABASE PLAN windows|timelines|epoch."""
import datetime
import json
import re
import sys
import time

import meds_reader

plan = json.load(open(sys.argv[2]))
EPOCH = datetime.datetime(1970, 1, 1)


def read_bytes():
    return int(re.search(r"^read_bytes: (\d+)", open("/proc/self/io").read(), re.M)[1])


before, begin = read_bytes(), time.perf_counter()
db = meds_reader.SubjectDatabase(sys.argv[1])
rows, total = 0, 0.0
work = sys.argv[3]
for id, bound in plan["windows"][: plan["timelines"] if work == "timelines" else None]:
    events = db[int(id)].events
    if work == "timelines":
        for event in events:
            rows += 1
            event.code
            value = event.numeric_value
            if value is not None:
                total += value
        continue
    bound = EPOCH + datetime.timedelta(microseconds=bound)
    low, high = 0, len(events)
    while low < high:
        middle = (low + high) // 2
        at = events[middle].time
        if at is None or at <= bound:
            low = middle + 1
        else:
            high = middle
    for event in events[max(0, low - plan["rows"]) : low]:
        if work == "epoch" and event.time is None:
            continue
        rows += 1
        event.code
        value = event.numeric_value
        if value is not None:
            total += value
print(json.dumps(dict(rows=rows, sum=round(total), seconds=time.perf_counter() - begin, read=read_bytes() - before)))
