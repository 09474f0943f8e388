"""Work on many items side by side with bounded memory, in their order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
    core.
    """
    workers = workers or os.cpu_count() or 1
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
