"""One conversion by the peer in a process of its own: python convert.py SOURCE DATABASE THREADS."""
import json
import os
import resource
import shutil
import sys
import time

import meds_reader

source, target, threads = sys.argv[1:]
shutil.rmtree(target, ignore_errors=True)
sys.argv = ["meds_reader_convert", source, target, "--num_threads", threads]
stdout = os.dup(1)
os.dup2(2, 1)  # its own talk goes to stderr
begin = time.perf_counter()
meds_reader.meds_reader_convert()
seconds = time.perf_counter() - begin
os.dup2(stdout, 1)
size = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(target) for name in names)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
if os.path.exists("/proc/self/status"):  # Linux counts the parent's memory into ru_maxrss
    peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps(dict(seconds=seconds, peakBytes=peak, storeBytes=size)))
