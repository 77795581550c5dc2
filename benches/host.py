"""A loader in a process of its own: python benches/host.py LOADER.py. As host.mjs: a line of JSON in, one out; a loader is imported when it is first used."""
import importlib.util
import inspect
import json
import math
import os
import resource
import shutil
import sys
import time

# Answers go to the real stdout; whatever a library prints goes to stderr.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

MINIMUM = 1e6  # ns that a sample lasts at least
MOST = 10  # samples of a run
loader = workloads = handle = None


def load():
    global loader
    if loader is None:
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path[0] = os.path.join(here, "lib")  # what loaders share; a file of loaders/ must not hide the package with its name
        spec = importlib.util.spec_from_file_location("loader_" + os.path.basename(sys.argv[1])[:-3].replace("-", "_"), sys.argv[1])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        loader = module
    return loader


def status(key):
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def opened(request):
    global workloads, handle
    module = load()
    begin = time.perf_counter_ns()
    handle = module.open_dataset(request["dataset"])
    millis = (time.perf_counter_ns() - begin) / 1e6
    with open(request["plan"]) as file:
        workloads = module.workloads(handle, json.load(file), request["dataset"])
    return millis


def answer_of(result):
    return result() if callable(result) else result


def hello(_):
    module = load()
    return dict(
        title=module.TITLE,
        version=module.VERSION,
        reads=module.READS,
        threads=module.THREADS,
        note=getattr(module, "NOTE", None),
        form=getattr(module, "FORM", None),  # of several that share one
        prepares=hasattr(module, "prepare"),
    )


def prepare(request):
    module = load()
    shutil.rmtree(request["dataset"]["form"], ignore_errors=True)
    begin = time.perf_counter()
    done = module.prepare(request["dataset"], request["threads"]) or {}
    return dict(seconds=time.perf_counter() - begin, peakBytes=status("VmHWM")) | done


def open_(request):
    return dict(millis=opened(request), can=list(workloads))


def cold(request):
    begin = time.perf_counter_ns()
    opened(request)
    if request["workload"] not in workloads:
        return dict(unsupported=True)
    result = workloads[request["workload"]](1)
    nanos = time.perf_counter_ns() - begin
    return dict(nanos=nanos, answer=answer_of(result))


def answer(request):
    begin = time.perf_counter_ns()
    result = workloads[request["workload"]](request["count"])
    nanos = time.perf_counter_ns() - begin
    return dict(nanos=nanos, answer=answer_of(result))


def time_(request):
    run, count, millis = workloads[request["workload"]], request["count"], request["millis"]
    clock = time.perf_counter_ns
    once, spent, times = math.inf, 0, 0
    while spent < millis * 1e6 and times < 100:
        begin = clock()
        run(count)
        took = clock() - begin
        once = min(once, took)
        spent += took
        times += 1
    inner = max(1, math.ceil(MINIMUM / max(once, 100)))
    iterations = min(MOST, max(1, math.ceil(millis * 1e6 / (once * inner))))
    samples = []
    for _ in range(iterations):
        begin = clock()
        for _ in range(inner):
            run(count)
        samples.append(round((clock() - begin) / inner))
    return dict(samples=samples)


def memory(_):
    return dict(residentBytes=status("VmRSS"), peakBytes=status("VmHWM"))


def close(_):
    if loader is not None and hasattr(loader, "close"):
        loader.close(handle)
    return {}


commands = dict(hello=hello, prepare=prepare, open=open_, cold=cold, answer=answer, time=time_, memory=memory, close=close)
for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = commands[request["do"]](request)
    except BaseException as error:  # polars panics with a BaseException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        reply = dict(error=f"{type(error).__name__}: {error}")
    answers.write(json.dumps(reply, default=lambda value: value.item()) + "\n")
    if request["do"] == "close":
        break
answers.flush()
os._exit(0)
