"""A conversion on a Ray cluster of three nodes on this machine: the bytes of one machine, whatever happens to a part.

Usage: python test.py [--large MEDS]... with this package and Ray in its environment, and $MEDS_READER.
"""

import argparse
import filecmp
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile
import time

import psutil
import ray
from ray.cluster_utils import Cluster

import meds_reader_ray
from meds_reader_ray import StepError

READER = shlex.split(os.environ["MEDS_READER"])


def reader(*arguments):
    subprocess.run([*READER, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def same(one, other):
    names = [sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) for root in (one, other)]
    assert names[0] == names[1], names
    for name in names[0]:
        assert filecmp.cmp(one / name, other / name, shallow=False), name


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def steps():
    """Processes of steps that run now."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "cluster" in words and "--part" in words:
            found.append(process)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="append", default=[], help="another dataset, whose conversion is interrupted as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        small = folder / "small"
        reader("generate", str(small), "--preset", "demo")
        # One node without processors for tasks holds the driver. The others have one each.
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        ray.init(address=cluster.address, log_to_driver=False)
        for source in [small, *map(pathlib.Path, given.large)]:
            one = folder / "one.medsdb"
            reader("convert", str(source), str(one), "--shard-bytes", "64MiB" if source != small else "512KiB")
            size = ["--shard-bytes", "64MiB" if source != small else "512KiB"]
            many = folder / "many.medsdb"
            begun = time.monotonic()

            def disturb(step, done, **_):
                # In mid-step: a node is lost, a part is delayed, and a part is taken twice.
                nonlocal nodes
                if done != 1:
                    return
                running = steps()
                if step == "survey":
                    twice = subprocess.Popen([*READER, "cluster", "survey", str(folder / ".many.medsdb.cluster"), "--part", "0"], stdout=subprocess.DEVNULL)
                    assert twice.wait() == 0
                elif step == "measure" and nodes:
                    lost = nodes.pop()
                    os.kill(lost.all_processes["raylet"][0].process.pid, signal.SIGKILL)
                elif step == "write" and running:
                    running[0].send_signal(signal.SIGSTOP)
                    subprocess.Popen(["sh", "-c", f"sleep 2; kill -CONT {running[0].pid}"])

            summary = meds_reader_ray.convert(str(source), str(many), 8, options=size, report=disturb)
            same(one, many)
            assert left(folder) == sorted({"many.medsdb", "one.medsdb", "small"}), left(folder)
            print(f"{source.name}: {summary['events']} events, {summary['shards']} shards: the same bytes, in {time.monotonic() - begun:.1f} s with a node lost", flush=True)
            subprocess.run(["rm", "-r", str(one), str(many)], check=True)

            # Cancelled in mid-step, nothing is left.
            driver = subprocess.Popen(["python", "-m", "meds_reader_ray", "convert", str(source), str(many), "--parts", "8", "--address", cluster.address], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for line in driver.stderr:
                if line.startswith("survey: 2"):
                    driver.send_signal(signal.SIGINT)
                    break
            driver.stderr.read()
            assert driver.wait() == 130
            deadline = time.monotonic() + 10
            while steps() and time.monotonic() < deadline:
                time.sleep(0.1)
            assert left(folder) == ["small"], left(folder)
            print(f"{source.name}: cancelled: nothing is left", flush=True)

        # An error of a step has its code, and ends the others.
        data = next((small / "data").rglob("*.parquet"))
        data.write_bytes(data.read_bytes()[:-100])
        try:
            meds_reader_ray.convert(str(small), str(folder / "damaged.medsdb"), 4)
        except StepError as error:
            assert error.code == "MEDS_SOURCE_DAMAGED", error
        else:
            raise AssertionError("no error")
        assert left(folder) == ["small"], left(folder)
        print("a damaged file: MEDS_SOURCE_DAMAGED, and nothing is left")
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
