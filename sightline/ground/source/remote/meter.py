"""How much a download may bring and how long it may take, held while it runs."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sightline.ground.source.files import counted_bytes

GRACE_SECONDS = 60.0
SLOWEST_BYTES_PER_SECOND = 2_000
LONGEST_SECONDS = 3_600.0
"""For one image; archives may take days, if they keep coming."""
SPARE_BYTES = 1 << 30
"""What a copy leaves free on this machine's disk."""


class PastBoundError(Exception):
    """A download went past what it may bring or take; the message says how."""

    def __init__(self, words: str, *, is_size: bool) -> None:
        super().__init__(words)
        self.is_size = is_size
        """Whether it was too large, and not too slow."""


class Meter:
    """Watches one download: what fsspec calls a callback."""

    def __init__(
        self,
        max_bytes: int,
        *,
        max_seconds: float = float("inf"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes, self._max_seconds, self._clock = max_bytes, max_seconds, clock
        self._begun = clock()
        self._num_bytes = 0

    def set_size(self, size: int | None) -> None:
        """Take what the server says that it will send.

        Raises:
            PastBoundError: it is too much.
        """
        if size is not None and size > self._max_bytes:
            raise PastBoundError(counted_bytes(size), is_size=True)

    def relative_update(self, num_bytes: int) -> None:
        """Count bytes that came.

        Raises:
            PastBoundError: there are too many, or they come too slowly.
        """
        self._num_bytes += num_bytes
        if self._num_bytes > self._max_bytes:
            raise PastBoundError(f"more than {counted_bytes(self._max_bytes)}", is_size=True)
        seconds = self._clock() - self._begun
        least = (seconds - GRACE_SECONDS) * SLOWEST_BYTES_PER_SECOND
        if seconds > self._max_seconds or self._num_bytes < least:
            words = f"only {counted_bytes(self._num_bytes)} in {seconds:,.0f} seconds"
            raise PastBoundError(words, is_size=False)


def room_beside(folder: Path) -> int:
    """Return how many bytes a copy in this folder may have."""
    return max(shutil.disk_usage(folder).free - SPARE_BYTES, 0)
