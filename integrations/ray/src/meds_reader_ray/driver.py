"""The order of the steps, and their parts as tasks of Ray."""

import time

import ray

from .steps import Again, StepError, run


def convert(source, store, parts, *, work=None, cpus=1.0, memory=None, retries=3, options=(), report=lambda **line: None):
    """Converts `source` to `store` in `parts` parts, and returns the summary of the conversion.

    Args:
        source: Path of the MEDS dataset, as every machine sees it.
        store: Path of the new store.
        parts: Number of parts. The store does not depend on it.
        work: Folder for the files of the steps. Default: beside the store.
        cpus: Processors per step. Each uses as many threads.
        memory: Bytes of memory per step. Default: 512 MiB.
        retries: How often a part is repeated whose machine was lost, or that failed for a reason that may pass.
        options: More options of `meds-reader cluster plan`, such as `["--index"]`.
        report: Called with `step`, `done`, `parts` and `seconds` after each part.

    Raises:
        StepError: A step failed. The work folder stays: the same call goes on where this one ended. After an interrupt
            (KeyboardInterrupt) the work folder is removed.
    """
    if not ray.is_initialized():
        ray.init()
    place = [*options, *([] if work is None else ["--work", work]), *([] if memory is None else ["--memory", str(memory)])]
    plan = _alone("plan", source, store, "--parts", str(parts), *place)
    folder = plan["work"]
    limits = ["--threads", str(max(1, int(cpus)))]
    task = ray.remote(num_cpus=cpus, memory=memory, max_retries=retries, retry_exceptions=[Again])(run)

    def each(step, which):
        _each(task, step, folder, which, limits, report)

    try:
        each("survey", range(parts))
        if not _alone("join", folder)["alone"]:
            each("measure", range(parts))
            settled = _alone("settle", folder)
            if not settled["alone"]:
                each("write", settled["parts"])
        return _alone("finish", folder)
    except KeyboardInterrupt:
        _alone("cancel", folder)
        raise


def _alone(step, *arguments):
    """A small step: on the machine of the driver."""
    return run(step, *arguments)


def _each(task, step, folder, which, limits, report):
    """Takes a step for some parts. Ends all of them if one fails."""
    start = time.monotonic()
    which = list(which)
    waiting = [task.options(name=f"{step} {part}").remote(step, folder, "--part", str(part), *limits) for part in which]
    done = 0
    try:
        while waiting:
            ready, waiting = ray.wait(waiting, num_returns=1)
            _result(ready[0])
            done += 1
            report(step=step, done=done, parts=len(which), seconds=time.monotonic() - start)
    except BaseException:
        for part in waiting:
            ray.cancel(part, force=True)
        ray.wait(waiting, num_returns=len(waiting), timeout=30)
        raise


def _result(part):
    try:
        return ray.get(part)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, StepError):
            raise error.cause from None
        raise
