"""Have libraries start no more threads than there are cores to use."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Read when the first thread starts: by pyarrow and OpenMP, and by TensorFlow."""


def bound_threads(environment: MutableMapping[str, str], *, usable: int, seen: int) -> None:
    """Bound them where a quota leaves less than the cores that libraries see.

    They choose better where they may use all that they see.
    """
    if usable < seen:
        for name in VARIABLES:
            environment.setdefault(name, str(usable))


@contextmanager
def one_thread() -> Iterator[None]:
    """Bound the threads of BLAS, of the libraries that are loaded.

    SciPy, which brings an OpenBLAS of its own and takes 0.2 s to import, is so where something is
    learned, by who imports it. Sums of several threads differ in their last digits from those of
    one.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
