"""Keep linear algebra on one core where a problem is too small to be shared."""

from collections.abc import Iterator
from contextlib import contextmanager

from sightline.stage.threads import one_thread

MOST_IMAGES = 5_000
"""Up to here threads of OpenBLAS wait for each other more than they compute: 305 images took 41 s
of processor time with two, 7 s with one, on a machine that others used as well."""


@contextmanager
def one_thread_if_small(num_images: int) -> Iterator[None]:
    """Bound the threads of BLAS for a dataset of this many images, if it is small."""
    if num_images > MOST_IMAGES:
        yield
        return
    with one_thread():
        yield
