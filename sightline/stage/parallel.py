"""Work on many items side by side with bounded memory, in their order."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sightline.ground.cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS_AHEAD_PER_WORKER = 8


def map_ordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int = 0,
    ahead: int = ITEMS_AHEAD_PER_WORKER,
) -> Iterator[Result]:
    """Yield `function(item)` in the order of `items`, computed by `workers` threads.

    Threads do, because Pillow and NumPy release the interpreter lock while they decode, resize
    and encode. At most `ahead` items per worker are in memory at once. 0 workers means one per
    core that may be used.
    """
    workers = workers or usable_cores()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= workers * ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Room:
    """Bounds how much is worked on side by side, where each takes another part of the memory."""

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._changed = threading.Condition()

    @contextmanager
    def part(self, size: int) -> Iterator[None]:
        """Wait until there is so much room, and keep it; what is larger than all of it goes alone.

        Whoever keeps a part must not ask for another.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + size <= self._size)
            self._taken += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()
