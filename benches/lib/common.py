"""What the loaders in Python share: digests (as lib/digest.mjs) and the answers' form."""
import hashlib
import struct
import time as _time
from datetime import datetime, timedelta

EPOCH = datetime(1970, 1, 1)


def moment(micros):
    return EPOCH + timedelta(microseconds=micros)


def sha256(lines):
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def counts_digest(pairs):
    """Rows of each code; Python compares strings by code points, which is the order of their UTF-8 bytes."""
    return dict(digest=sha256(f"{code}\t{count}\n" for code, count in sorted(pairs)))


def years_digest(triples):
    return dict(digest=sha256(f"{subject}\t{year}\t{count}\n" for subject, year, count in sorted(triples)))


def los_digest(samples):
    """Samples: (visit, subject, label, codes)."""
    lines = [f"{visit}\t{subject}\t{label}\t{chr(31).join(sorted(codes))}\n" for visit, subject, label, codes in sorted(samples, key=lambda s: s[:2])]
    return dict(samples=len(lines), digest=sha256(lines))


def pipe_digest(samples):
    """Samples: (visit, subject, label, [(name, mean or None, count)])."""
    exact, plain = [], []
    for visit, subject, label, features in sorted(samples, key=lambda s: s[:2]):
        head = f"{visit}\t{subject}\t{label}\t"
        features = sorted(features, key=lambda feature: feature[0])
        exact.append(head + chr(31).join(f"{name}={'-' if mean is None else struct.pack('<d', mean).hex()}*{count}" for name, mean, count in features) + "\n")
        plain.append(head + chr(31).join(f"{name}*{count}" for name, _, count in features) + "\n")
    return dict(samples=len(exact), digest=sha256(exact), digestWithoutMeans=sha256(plain))


def over(items, each, names=("rows", "before", "chars", "total")):
    """A workload over items: each(item) returns the members of the answer, which are summed in order."""

    def run(count):
        sums = [0] * len(names)
        for item in items[:count]:
            for i, value in enumerate(each(item)):
                sums[i] += value
        return dict(zip(names, sums))

    return run


def per_patient(plan, timeline, columns, last, window, code):
    """The workloads of one patient after another; `window(size)` gives what reads such windows, the others take an item of the plan."""
    return dict(
        open=lambda _: dict(chars=last(plan["open"])[1]),
        timeline=over(plan["timeline"], timeline),
        neighbours=over(plan["neighbours"], timeline),
        columns=over(plan["columns"], columns),
        last=over(plan["last"], last, ("rows", "chars")),
        window256=over(plan["window256"], window(256), ("rows", "chars", "total")),
        window2048=over(plan["window2048"], window(2048), ("rows", "chars", "total")),
        code=over(plan["code"], code, ("rows", "total")),
    )
