import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.stage.parallel import ITEMS_AHEAD_PER_WORKER, map_ordered


@given(items=st.lists(st.integers(), max_size=60), workers=st.integers(1, 5))
def test_results_come_in_the_order_of_the_items(items: list[int], workers: int) -> None:
    assert list(map_ordered(lambda item: item * 2, items, workers=workers)) == [
        item * 2 for item in items
    ]


def test_only_a_bounded_number_of_items_is_taken_ahead() -> None:
    taken: list[int] = []

    def source() -> object:
        for index in range(1000):
            taken.append(index)
            yield index

    results = map_ordered(lambda item: item, source(), workers=2)
    next(results)

    assert len(taken) <= 2 * ITEMS_AHEAD_PER_WORKER


def test_items_are_worked_on_side_by_side() -> None:
    both = threading.Barrier(2, timeout=60)

    # The barrier opens only when two workers wait at it together.
    assert list(map_ordered(lambda _: both.wait() >= 0, [1, 2], workers=2)) == [True, True]


def test_an_error_in_one_item_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_ordered(lambda item: 1 / item, [1, 0, 2], workers=2))
