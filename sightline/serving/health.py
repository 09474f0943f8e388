"""Whether the server answers rightly now, not whether it once did."""

import asyncio
import time
from contextlib import suppress

from sightline.serving.pool import Pool
from sightline.serving.protocols.protocol import RequestError
from sightline.serving.versions import Versions
from sightline.serving.wire import GOLDEN, Question

EVERY_SECONDS = 10.0
LATELY_SECONDS = 30.0


class Health:
    """Asks the live version its golden requests, in the same queue as everybody."""

    def __init__(
        self,
        versions: Versions,
        pool: Pool,
        *,
        every_seconds: float = EVERY_SECONDS,
        lately_seconds: float = LATELY_SECONDS,
    ) -> None:
        self._versions, self._pool = versions, pool
        self._every, self._lately = every_seconds, lately_seconds
        # A version is live once it has given its golden answers.
        self._last_good = time.monotonic()
        self.last_good_time = time.time()
        """When a golden request was last answered rightly, in seconds since 1970."""
        self._reason = ""
        self._task: asyncio.Task[None] | None = None

    def problem(self) -> str:
        """Say why the server is not ready, or nothing."""
        if self._versions.current is None:
            return "No version is loaded yet. Try again in a few seconds."
        seconds = time.monotonic() - self._last_good
        if seconds < self._lately:
            return ""
        return (
            f"No worker has given a golden answer for {seconds:.0f} seconds. "
            f"{self._reason or 'All are busy.'}"
        )

    def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Ask no more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            current = self._versions.current
            if current is None:
                continue
            generation = current.generation
            try:
                with generation.held():
                    reply = await self._pool.answer(generation, Question(call=GOLDEN))
            except RequestError as error:
                self._reason = error.message
                continue
            if reply.status == 200:
                self._last_good, self._reason = time.monotonic(), ""
                self.last_good_time = time.time()
            else:
                self._reason = "The golden answers are others than at the start."
