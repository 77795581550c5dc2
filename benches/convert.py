"""One conversion by the peer: python convert.py SOURCE DATABASE THREADS. Its converter is a program of its own, started here as the package does."""
import importlib.util
import json
import os
import shutil
import sys
import time

source, target, threads = sys.argv[1:]
shutil.rmtree(target, ignore_errors=True)
# Found without an import: the parent's memory would be counted into the child's peak.
package = os.path.dirname(importlib.util.find_spec("meds_reader").origin)
program = next(os.path.join(package, name) for name in os.listdir(package) if name.startswith("meds_reader_convert"))
begin = time.perf_counter()
# Its own talk goes to stderr.
child = os.posix_spawn(program, [program, source, target, "--num_threads", threads], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - begin
if status != 0:
    sys.exit(f"meds_reader_convert ended with {os.waitstatus_to_exitcode(status)}")
size = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(target) for name in names)
peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps(dict(seconds=seconds, peakBytes=peak, storeBytes=size)))
