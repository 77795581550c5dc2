"""One program of a peer in a process of its own: python host.py REQUEST. As host.mjs: it times the program and prints one line of JSON."""
import hashlib
import importlib
import json
import multiprocessing
import os
import resource
import sys
import time


def answer_of(result):
    """As lib/answer.mjs: numbers by name as they are, a table as the number of its rows and their SHA-256."""
    if isinstance(result, dict):
        return result
    lines = sorted(("\t".join(map(str, row)) + "\n").encode() for row in result)
    return dict(rows=len(lines), digest=hashlib.sha256(b"".join(lines)).hexdigest())


def child_seconds(pid):
    """Processor time of a running process, of all its threads: by the scheduler's nanoseconds, which Linux has."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def processor_seconds():
    """Of this process with its threads, of processes that have ended, and of those of a pool, which live on."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    pool = multiprocessing.active_children()
    if pool and not os.path.isdir("/proc/self/task"):
        return None
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + sum(child_seconds(child.pid) for child in pool)


def timed(run):
    cpu = processor_seconds()
    begin = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - begin
    after = processor_seconds()
    return result, dict(seconds=seconds, cpuSeconds=None if cpu is None or after is None else after - cpu)


def warm(path):
    for folder, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                while file.read(1 << 24):
                    pass


def main():
    request = json.loads(sys.argv[1])
    data, args = request["data"], request["args"]
    folder, name = os.path.split(request["program"])
    # A pool's processes import the program by its name.
    sys.path[0:1] = [folder, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")]
    program = importlib.import_module(os.path.splitext(name)[0])
    warm(data["source"] if program.READS == "Parquet" else data["database"])
    handle = program.open(data)
    result, first = timed(lambda: program.run(handle, args))
    answer = result() if callable(result) else answer_of(program.rows(result) if hasattr(program, "rows") else result)
    del result
    runs = []
    if first["seconds"] >= request["longest"]:
        runs.append(first)
    else:
        spent = 0
        while spent < request["total"] and len(runs) < 1000:
            _, run = timed(lambda: program.run(handle, args))
            runs.append(run)
            spent += run["seconds"]
    if hasattr(handle, "terminate"):
        handle.terminate()
    print(json.dumps(dict(answer=answer, first=first, runs=runs), default=lambda value: value.item()))


# Processes of a pool import this file, too.
if __name__ == "__main__":
    main()
