"""The peer's side of the reading figures: python peer.py DATABASE PLAN. Its idiomatic best: attributes, in one loop, nothing looked up twice."""
import datetime
import json
import sys
import time

import meds_reader

path, plan = sys.argv[1], json.load(open(sys.argv[2]))
EPOCH = datetime.datetime(1970, 1, 1)


def moment(micros):
    return EPOCH + datetime.timedelta(microseconds=micros)


begin = time.perf_counter()
db = meds_reader.SubjectDatabase(path)
len(db)
open_millis = (time.perf_counter() - begin) * 1e3

walks = [(int(id), moment(bound)) for id, bound in plan["walks"]]
windows = [(int(id), moment(bound)) for id, bound in plan["windows"]]
lasts = [int(id) for id in plan["lasts"]]
whole = [int(id) for id in plan["whole"]]


def walk():
    rows = before = chars = 0
    total = 0.0
    for id, bound in walks:
        for event in db[id].events:
            rows += 1
            at = event.time
            if at is not None and at <= bound:
                before += 1
            chars += len(event.code)
            value = event.numeric_value
            if value is not None:
                total += value
    return dict(rows=rows, before=before, chars=chars, total=total)


def as_of():
    rows = chars = 0
    total = 0.0
    for id, bound in windows:
        events = db[id].events
        low, high = 0, len(events)
        while low < high:
            middle = (low + high) // 2
            at = events[middle].time
            if at is None or at <= bound:
                low = middle + 1
            else:
                high = middle
        for event in events[max(0, low - 256) : low]:
            rows += 1
            chars += len(event.code)
            value = event.numeric_value
            if value is not None:
                total += value
    return dict(rows=rows, before=0, chars=chars, total=total)


def last_code():
    rows = chars = 0
    for id in lasts:
        chars += len(db[id].events[-1].code)
        rows += 1
    return dict(rows=rows, before=0, chars=chars, total=0)


def columns():
    """Every column by attribute: the code is generated once, so that no name is looked up in the loop."""
    lines = []
    for column in plan["columns"]:
        name, stored = column["name"], column["stored"]
        lines.append(f"            v = event.{name}")
        if stored == "utf8":
            lines.append("            if v is not None: chars += len(v)")
        elif stored.startswith("float"):
            lines.append("            if v is not None: total += v")
        else:
            lines.append("            if v is not None: before += 1")
    source = "\n".join(
        ["def run():", "    rows = before = chars = 0", "    total = 0.0", "    for id in whole:", "        for event in db[id].events:", "            rows += 1"]
        + lines
        + ["    return dict(rows=rows, before=before, chars=chars, total=total)"]
    )
    scope = dict(db=db, whole=whole)
    exec(source, scope)
    return scope["run"]


def timed(task):
    begin = time.perf_counter_ns()
    total = task()
    return dict(nanos=time.perf_counter_ns() - begin, sum=total)


tasks = dict(walk=walk, asOf=as_of, lastCode=last_code, columns=columns())
db[walks[0][0]].events[-1].code  # the map of ids is made at the first look-up
print(json.dumps(dict(openMillis=open_millis, tasks={name: timed(task) for name, task in tasks.items()})))
