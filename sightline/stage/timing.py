"""How long a stage spends writing, so that benchmarks can tell it from computing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_seconds = {"writing": 0.0}


@contextmanager
def writing() -> Iterator[None]:
    """Count the time inside this block as writing."""
    start = time.perf_counter()
    try:
        yield
    finally:
        _seconds["writing"] += time.perf_counter() - start


def seconds_writing() -> float:
    """Return the seconds counted as writing in this process so far."""
    return _seconds["writing"]
