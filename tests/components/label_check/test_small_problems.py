"""Small problems leave the machine's other cores alone."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from components.label_check.small_problems import MOST_IMAGES, one_thread_if_small


def blas_threads() -> set[int]:
    """How many threads the libraries of linear algebra may use."""
    np.linalg.norm(np.ones(2))
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize("count", [1, MOST_IMAGES])
def test_linear_algebra_of_a_small_dataset_takes_one_core(count: int) -> None:
    before = blas_threads()

    with one_thread_if_small(count):
        within = blas_threads()

    assert within == {1}
    assert blas_threads() >= before


def test_a_large_dataset_is_shared_among_cores() -> None:
    before = blas_threads()

    with one_thread_if_small(MOST_IMAGES + 1):
        assert blas_threads() == before
