"""meds_reader: attributes in one loop, nothing looked up twice."""
import datetime
import importlib.metadata
import importlib.util
import os

import meds_reader
from common import counts_digest, los_digest, moment, over, pipe_digest, years_digest

TITLE = "meds_reader"
VERSION = importlib.metadata.version("meds_reader")
READS = "its own store"
THREADS = 1
DAY = datetime.timedelta(days=1)


def prepare(dataset, threads):
    """Its converter is a program of its own, started as the package does; its memory is the child's."""
    package = os.path.dirname(importlib.util.find_spec("meds_reader").origin)
    program = next(os.path.join(package, name) for name in os.listdir(package) if name.startswith("meds_reader_convert"))
    arguments = [program, dataset["source"], dataset["form"], "--num_threads", str(threads)]
    child = os.posix_spawn(program, arguments, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError(f"meds_reader_convert ended with {os.waitstatus_to_exitcode(status)}")
    return dict(peakBytes=usage.ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024))


def open_dataset(dataset):
    return meds_reader.SubjectDatabase(dataset["form"])


def workloads(db, plan, dataset):
    timed = lambda items: [(int(id), moment(bound)) for id, bound in items]

    def timeline(item):
        id, bound = item
        rows = before = chars = 0
        total = 0.0
        for event in db[id].events:
            rows += 1
            at = event.time
            if at is not None and at <= bound:
                before += 1
            chars += len(event.code)
            value = event.numeric_value
            if value is not None:
                total += value
        return rows, before, chars, total

    def windows(items, size):
        def window(item):
            id, bound = item
            events = db[id].events
            low, high = 0, len(events)
            while low < high:
                middle = (low + high) // 2
                at = events[middle].time
                if at is None or at <= bound:
                    low = middle + 1
                else:
                    high = middle
            rows = chars = 0
            total = 0.0
            for event in events[max(0, low - size) : low]:
                rows += 1
                chars += len(event.code)
                value = event.numeric_value
                if value is not None:
                    total += value
            return rows, chars, total

        return over(timed(items), window, ("rows", "chars", "total"))

    def all_columns():
        """Every column by attribute: the code is generated once, so that no name is looked up in the loop."""
        lines = []
        for column in plan["schema"]:
            lines.append(f"        v = event.{column['name']}")
            if column["kind"] == "text":
                lines.append("        if v is not None: chars += len(v)")
            elif column["kind"] == "float":
                lines.append("        if v is not None: total += v")
            else:
                lines.append("        if v is not None: before += 1")
        head = ["def run(id):", "    rows = before = chars = 0", "    total = 0.0", "    for event in db[id].events:", "        rows += 1"]
        scope = dict(db=db)
        exec("\n".join(head + lines + ["    return rows, before, chars, total"]), scope)
        return over([int(id) for id in plan["columns"]], scope["run"])

    def code(item):
        wanted, ids = item
        rows = 0
        total = 0.0
        for id in ids:
            for event in db[id].events:
                if event.code == wanted:
                    rows += 1
                    value = event.numeric_value
                    if value is not None:
                        total += value
        return rows, total

    def scan(_):
        bound = moment(plan["scan"])
        rows = before = chars = 0
        total = 0.0
        for id in db:
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

    def counts(_):
        found = {}
        for id in db:
            for event in db[id].events:
                name = event.code
                found[name] = found.get(name, 0) + 1
        return lambda: counts_digest(found.items())

    def years(_):
        found = {}
        for id in db:
            for event in db[id].events:
                at = event.time
                if at is not None:
                    key = (id, at.year)
                    found[key] = found.get(key, 0) + 1
        return lambda: years_digest((id, year, count) for (id, year), count in found.items())

    def visits(subject):
        """Of each visit with an admission and a discharge: [admission event, its time, end]."""
        found = {}
        for event in subject.events:
            name = event.code
            if name.startswith("HOSPITAL_"):
                visit = event.hadm_id
                if visit is None or event.time is None:
                    continue
                if name.startswith("HOSPITAL_ADMISSION"):
                    entry = found.setdefault(visit, [None, None, None])
                    if entry[0] is None:
                        entry[0], entry[1] = event, event.time
                elif name.startswith("HOSPITAL_DISCHARGE"):
                    entry = found.setdefault(visit, [None, None, None])
                    if entry[2] is None:
                        entry[2] = event.time
        return {visit: entry for visit, entry in found.items() if entry[0] is not None and entry[2] is not None}

    def los(_):
        samples = []
        for id in db:
            subject = db[id]
            found = visits(subject)
            if not found:
                continue
            codes = {visit: set() for visit in found}
            for event in subject.events:
                visit = event.hadm_id
                if visit is not None:
                    into = codes.get(visit)
                    if into is not None:
                        into.add(event.code)
            for visit, (_, start, end) in found.items():
                samples.append((visit, id, (end - start) // DAY, codes[visit]))
        return lambda: los_digest(samples)

    def pipe(_):
        samples = []
        for id in db:
            subject = db[id]
            found = visits(subject)
            if not found:
                continue
            gender = birth = None
            lists = {visit: {} for visit in found}
            limits = {visit: start + DAY for visit, (_, start, _) in found.items()}
            for event in subject.events:
                name = event.code
                if name.startswith("GENDER//"):
                    gender = name
                elif name == "MEDS_BIRTH" and birth is None:
                    birth = event.time
                visit = event.hadm_id
                if visit is None or visit not in lists:
                    continue
                at = event.time
                if at is None or at <= limits[visit]:
                    lists[visit].setdefault(name, []).append(event.numeric_value)
            for visit, (admission, start, end) in found.items():
                into = lists[visit]
                for name in (gender, admission.race, admission.insurance):
                    if name is not None:
                        into.setdefault(name, []).append(None)
                if birth is not None:
                    into["age"] = [float(start.year - birth.year)]
                features = []
                for name, values in into.items():
                    known = [value for value in values if value is not None]
                    features.append((name, sum(known, 0.0) / len(known) if known else None, len(values)))
                samples.append((visit, id, int((end - start) // DAY > 3), features))
        return lambda: pipe_digest(samples)

    return dict(
        open=lambda _: dict(chars=len(db[int(plan["open"])].events[-1].code)),
        timeline=over(timed(plan["timeline"]), timeline),
        neighbours=over(timed(plan["neighbours"]), timeline),
        columns=all_columns(),
        last=over([int(id) for id in plan["last"]], lambda id: (1, len(db[id].events[-1].code)), ("rows", "chars")),
        window256=windows(plan["window256"], 256),
        window2048=windows(plan["window2048"], 2048),
        code=over([(wanted, [int(id) for id in ids]) for wanted, ids in plan["code"]], code, ("rows", "total")),
        scan=scan,
        counts=counts,
        years=years,
        los=los,
        pipe=pipe,
    )
