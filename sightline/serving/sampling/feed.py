"""The server's side of sampling: hand on what fits, count what does not, wait for nothing."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sightline.serving.protocols.protocol import MAX_IMAGES
from sightline.serving.sampling.sampling import Sampling
from sightline.serving.web.admission import BYTES_PER_MB
from sightline.serving.web.noise import Noise
from sightline.serving.wire import LENGTHS, Reply

MOST_WAITING = 32 << 20
"""Bytes of samples that wait to be written."""
STOP_SECONDS = 5.0
AGAIN_SECONDS = 5.0


@dataclass(slots=True)
class SampleFeed:
    """A process that writes samples, started again where it ends."""

    sampling: Sampling
    written: int = 0
    lost: int = 0
    """Samples that could not be written."""
    dropped: int = 0
    """Samples that came faster than they could be written."""
    _process: Process | None = None
    _running: asyncio.Task[None] | None = None
    _noise: Noise = field(default_factory=Noise)

    async def start(self) -> None:
        """Start it.

        Raises:
            SettingsError: nobody can write in the folder.
        """
        await asyncio.to_thread(self.sampling.check_folder)
        self._running = asyncio.create_task(self._run())

    def offer(self, reply: Reply, *, version: int, request_id: str) -> None:
        """Hand on the samples of an answer, or drop them."""
        told = reply.told.get("samples")
        count = min(told, MAX_IMAGES) if isinstance(told, int) and told > 0 else 1
        stream = self._process.stdin if self._process else None
        size = len(reply.samples)
        is_gone = stream is None or stream.is_closing()
        if is_gone or stream is None or _waiting(stream) + size > MOST_WAITING:
            self.dropped += count
            return
        now = datetime.now(UTC).isoformat()
        head = {"time": now, "version": version, "request_id": request_id}
        text = json.dumps(head).encode()
        stream.write(LENGTHS.pack(len(text), size) + text)
        stream.write(reply.samples)

    async def stop(self) -> None:
        """Let it write what it has, and end."""
        process = self._process
        if process and process.stdin:
            process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        if process and process.returncode is None:
            process.kill()
            await process.wait()

    async def _run(self) -> None:
        while True:
            try:
                await self._run_once()
            except OSError as error:
                self._noise.say("samples are not written", reason=str(error))
            await asyncio.sleep(AGAIN_SECONDS)

    async def _run_once(self) -> None:
        arguments = f"{str(self.sampling.folder)!r}, {self.sampling.max_mb * BYTES_PER_MB}"
        program = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from sightline.serving.sampling.process import main; main({arguments})"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self._process = process
        before = self.written, self.lost
        assert process.stdout  # noqa: S101 - it is a pipe
        async for line in process.stdout:
            told = json.loads(line)
            self.written = before[0] + told.get("written", self.written - before[0])
            self.lost = before[1] + told.get("lost", self.lost - before[1])
            if "problem" in told:
                self._noise.say("samples are not written", reason=told["problem"])
        await process.wait()


@asynccontextmanager
async def feeding(sampling: Sampling | None) -> AsyncIterator[SampleFeed | None]:
    """Have samples written for as long as this lasts, where that is asked for.

    Raises:
        SettingsError: nobody can write in the folder.
    """
    if sampling is None:
        yield None
        return
    feed = SampleFeed(sampling)
    await feed.start()
    try:
        yield feed
    finally:
        await feed.stop()


def _waiting(stream: asyncio.StreamWriter) -> int:
    return int(stream.transport.get_write_buffer_size())
