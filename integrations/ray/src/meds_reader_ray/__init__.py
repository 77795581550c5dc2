"""Converts a MEDS dataset to a meds-reader store on a Ray cluster, by the steps of `meds-reader cluster`.

Ray distributes the parts, and repeats those whose machine is lost. Every machine must see the source and the store by
the same paths, and have the command `meds-reader` ($MEDS_READER, or on PATH).
"""

from .driver import convert
from .steps import StepError

__all__ = ["StepError", "convert"]
