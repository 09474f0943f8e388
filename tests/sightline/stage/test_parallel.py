import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.stage.parallel import ITEMS_AHEAD_PER_WORKER, Room, map_ordered


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


@given(sizes=st.lists(st.integers(1, 15), max_size=30))
def test_what_is_worked_on_at_once_fits_into_the_room_or_is_alone(sizes: list[int]) -> None:
    room, lock = Room(10), threading.Lock()
    inside: list[int] = []
    crowds: list[list[int]] = []

    def work(size: int) -> None:
        with room.part(size):
            with lock:
                inside.append(size)
                crowds.append(list(inside))
            with lock:
                inside.remove(size)

    list(map_ordered(work, sizes, workers=4))

    assert len(crowds) == len(sizes)
    assert all(sum(crowd) <= 10 or len(crowd) == 1 for crowd in crowds)


def test_a_part_of_the_room_is_given_back_when_work_fails() -> None:
    room = Room(10)

    with pytest.raises(ZeroDivisionError), room.part(10):
        _ = 1 / 0

    with room.part(10):
        pass


def test_several_parts_are_taken_side_by_side_where_they_fit() -> None:
    room, both = Room(10), threading.Barrier(2, timeout=60)

    def work(size: int) -> bool:
        with room.part(size):
            return both.wait() >= 0

    assert list(map_ordered(work, [5, 5], workers=2)) == [True, True]
