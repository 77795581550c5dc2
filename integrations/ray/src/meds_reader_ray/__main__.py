"""`python -m meds_reader_ray convert SOURCE STORE --parts N`."""

import argparse
import json
import signal
import sys

import ray

from . import StepError, convert


def main():
    parser = argparse.ArgumentParser(prog="python -m meds_reader_ray", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("convert", help="convert a MEDS dataset to a store")
    command.add_argument("source", help="the dataset, by a path that every machine sees")
    command.add_argument("store", help="the folder of the new store")
    command.add_argument("--parts", type=int, required=True, help="number of parts; the store does not depend on it")
    command.add_argument("--work", help="folder for the files of the steps (default: beside the store)")
    command.add_argument("--address", help="address of the cluster (default: $RAY_ADDRESS, or a cluster on this machine)")
    command.add_argument("--cpus-per-step", type=float, default=1.0, help="processors of a step (default: 1)")
    command.add_argument("--memory", type=int, help="bytes of memory of a step (default: 512 MiB)")
    command.add_argument("--retries", type=int, default=3, help="how often a part is repeated whose machine was lost (default: 3)")
    given, options = parser.parse_known_args()

    ray.init(address=given.address, log_to_driver=False)
    # A job manager ends the driver by SIGTERM: the same as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        summary = convert(
            given.source,
            given.store,
            given.parts,
            work=given.work,
            cpus=given.cpus_per_step,
            memory=given.memory,
            retries=given.retries,
            options=options,
            report=lambda step, done, parts, seconds: print(f"{step}: {done} of {parts} in {seconds:.1f} s", file=sys.stderr),
        )
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("MEDS_CANCELLED: The conversion was cancelled. Nothing is left of it.", file=sys.stderr)
        return 130
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
