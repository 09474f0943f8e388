"""Have libraries start no more threads than there are cores to use."""

from collections.abc import MutableMapping

VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Read when the first thread starts: by pyarrow and OpenMP, and by TensorFlow."""


def bound_threads(environment: MutableMapping[str, str], *, usable: int, seen: int) -> None:
    """Bound them where a quota leaves less than the cores that libraries see.

    They choose better where they may use all that they see.
    """
    if usable < seen:
        for name in VARIABLES:
            environment.setdefault(name, str(usable))
