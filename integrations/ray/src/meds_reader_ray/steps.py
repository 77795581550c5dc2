"""Runs a step of `meds-reader cluster` as a process."""

import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys

# A step whose machine has a full disk or slow storage may succeed elsewhere or later.
AGAIN = {"MEDS_DISK_FULL", "MEDS_IO", "MEDS_PERMISSION"}


class StepError(Exception):
    """A step failed. `code` is the stable code of meds-reader: see docs/errors.md."""

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self):
        return f"{self.code}: {self.message}"


class Again(StepError):
    """A step failed for a reason that may pass."""


def run(*arguments):
    """Runs `meds-reader cluster`, and returns what it prints. Its process ends with this one."""
    command = [*shlex.split(os.environ.get("MEDS_READER", "meds-reader")), "cluster", *arguments, "--progress", "none"]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_ends_with_us)
    except FileNotFoundError:
        raise StepError("MEDS_NOT_FOUND", f"the command {command[0]} is not on PATH. Install meds-reader, or set MEDS_READER.") from None
    try:
        out, errors = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode == 0:
        return json.loads(out)
    code, _, message = (errors.strip().splitlines() or ["MEDS_INTERNAL: the command printed no error"])[-1].partition(": ")
    if process.returncode < 0:
        raise Again("MEDS_IO", f"the step was ended by signal {-process.returncode}")
    raise (Again if code in AGAIN else StepError)(code, message)


def _ends_with_us():
    # Ray kills its workers with SIGKILL, which they cannot pass on.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
