"""A challenger that answers a share of the requests, beside the live version."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from sightline.ground.models.model_folder import CHALLENGER_PREFIX, FolderError
from sightline.serving.generation import Generation
from sightline.serving.pool import Pool, digest_of
from sightline.serving.protocols.protocol import MAX_IMAGES, RequestError
from sightline.serving.versions import Versions
from sightline.serving.wire import Question, Reply
from sightline.stage import log
from sightline.stage.registry import canary as files
from sightline.stage.registry.canary import Order, Report, order_of, write_report

LATEST = 200
"""Times of answers that are kept of each version."""


@dataclass(slots=True)
class Side:
    """What one version did since the order."""

    version: int
    requests: int = 0
    errors: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))

    def answered(self, seconds: float) -> None:
        """Count an answer."""
        self.requests += 1
        self.seconds.append(seconds)

    def failed(self) -> None:
        """Count a request that it could not answer."""
        self.requests += 1
        self.errors += 1

    def told(self) -> files.Side:
        """Return it as a report has it."""
        return files.Side(
            version=self.version,
            requests=self.requests,
            errors=self.errors,
            seconds=tuple(round(second, 6) for second in self.seconds),
        )


@dataclass(slots=True)
class Split:
    """An order that is followed, and what came of it."""

    order: Order
    live: Side
    challenger: Side
    loading: "asyncio.Task[Generation | None] | None" = None
    generation: Generation | None = None
    """The challenger, once it has repeated its golden answers."""
    compared: int = 0
    agreed: int = 0

    @property
    def shares(self) -> bool:
        """Tell whether the challenger answers anything now."""
        return self.order.holds and self.generation is not None


class Canary:
    """Follows the orders of a model folder.

    Whatever a challenger cannot answer, the live version answers, so that no request is lost.
    """

    def __init__(self, folder: Path, versions: Versions, pool: Pool) -> None:
        """Know who answers."""
        self._folder, self._versions, self._pool = folder, versions, pool
        self._id = uuid4().hex
        self._task: asyncio.Task[None] | None = None
        self._comparing: asyncio.Task[None] | None = None
        self._is_silent = False
        self.split: Split | None = None
        """What is followed now."""

    def start(self, poll_seconds: float) -> None:
        """Begin to look for orders."""
        self._task = asyncio.create_task(self._follow(poll_seconds))

    async def stop(self) -> None:
        """Look no more."""
        for task in (self._task, self._comparing, self.split and self.split.loading):
            if task:
                task.cancel()
                await asyncio.wait({task})

    async def answer(
        self, asked: Generation, question: Question, client: str, *, split: bool
    ) -> tuple[Generation, Reply]:
        """Return the answer to a request, and who gave it.

        Args:
            asked: the version that is asked: the live one, where none is named.
            question: the request.
            client: who asks.
            split: whether a challenger may answer in its place.

        Raises:
            RequestError: it cannot be answered.
        """
        now = self.split if split else None
        if now is None or not now.shares:
            return asked, await self._pool.answer(asked, question, client)
        if await place_of(question.body) >= now.order.share:
            return asked, await self._timed(now.live, asked, question, client)
        return await self._tried(now, asked, question, client)

    async def _timed(self, side: Side, live: Generation, question: Question, client: str) -> Reply:
        began = time.monotonic()
        try:
            reply = await self._pool.answer(live, question, client)
        except RequestError:
            side.failed()
            raise
        if reply.status < 400:
            side.answered(time.monotonic() - began)
        elif reply.status >= 500:
            side.failed()
        return reply

    async def _tried(
        self, split: Split, live: Generation, question: Question, client: str
    ) -> tuple[Generation, Reply]:
        """Ask the challenger, and the live version where that comes to nothing."""
        challenger = split.generation
        assert challenger  # noqa: S101 - it shares
        began, is_its_fault = time.monotonic(), True
        try:
            with challenger.held():
                asked = replace(question, rows=True)
                reply = await self._pool.answer(challenger, asked, client, trial=True)
        except RequestError as error:
            is_its_fault = error.reason != "busy"
        else:
            if reply.status < 400:
                split.challenger.answered(time.monotonic() - began)
                self._compare_later(split, live, question, reply.rows)
                return challenger, reply
        reply = await self._pool.answer(live, question, client)
        if reply.status < 400 and is_its_fault:
            split.challenger.failed()
        return live, reply

    def _compare_later(
        self, split: Split, live: Generation, question: Question, rows: bytes
    ) -> None:
        """Ask the live version the same, one request at a time, where nobody waits."""
        is_busy = self._comparing is not None and not self._comparing.done()
        if not is_busy and not self._pool.waiting:
            asked = replace(question, sample=0.0, against=rows)
            self._comparing = asyncio.create_task(self._compare(split, live, asked))

    async def _compare(self, split: Split, live: Generation, question: Question) -> None:
        with live.held(), suppress(RequestError):
            # A comparison that takes too long must not have the client's next request refused.
            reply = await self._pool.answer(live, question, "canary", trial=True)
            told = reply.told.get("compared"), reply.told.get("agreed")
            # An image may speak in what a worker tells.
            compared, agreed = (one if isinstance(one, int) else -1 for one in told)
            if 0 <= agreed <= compared <= MAX_IMAGES:
                split.compared += compared
                split.agreed += agreed

    async def _follow(self, poll_seconds: float) -> None:
        while True:
            try:
                await self._look(poll_seconds)
            except OSError as error:  # the folder is out of reach for now
                log.warning("cannot read the canary's order", reason=str(error))
            await asyncio.sleep(poll_seconds)

    async def _look(self, poll_seconds: float) -> None:
        """Follow what the order says now."""
        order = await asyncio.to_thread(self._order)
        before = self.split
        if order is None:
            self.split = None
            if before:
                log.event("no challenger any more", version=before.order.version)
        elif before and before.order.id == order.id:
            before.order = order
            await self._load(before, poll_seconds)
            await self._say(before)
        else:
            split = self.split = self._begun(order, before)
            await self._say(split)  # loading may take longer than deploy waits for a word

    def _order(self) -> Order | None:
        order = order_of(self._folder)
        is_here = order and (self._folder / f"{CHALLENGER_PREFIX}{order.version}").is_dir()
        return order if is_here else None

    def _begun(self, order: Order, before: Split | None) -> Split:
        current = self._versions.current
        log.event("challenger", version=order.version, share=order.share)
        is_same = before is not None and before.order.version == order.version
        return Split(
            order=order,
            live=Side(current.number if current else 0),
            challenger=Side(order.version),
            generation=before.generation if before and is_same else None,
        )

    async def _load(self, split: Split, seconds: float) -> None:
        """Have the challenger in memory; asked for again and again, it stays there."""
        if split.loading is None:
            split.loading = asyncio.create_task(self._versions.find(split.order.version))
        await asyncio.wait({split.loading}, timeout=seconds)
        if split.loading.done():
            try:
                split.generation = split.loading.result()
            except (OSError, FolderError) as error:  # the folder is out of reach for now
                log.warning("cannot read the challenger", reason=str(error))
            split.loading = None

    async def _say(self, split: Split) -> None:
        """Write down what came of the order so far."""
        is_loaded = split.generation is not None
        problem = self._versions.problem_of(split.order.version)
        report = Report(
            server=self._id,
            order=split.order.id,
            time=time.time(),
            loaded=is_loaded,
            problem="" if is_loaded else problem,
            live=split.live.told(),
            challenger=split.challenger.told(),
            compared=split.compared,
            agreed=split.agreed,
        )
        try:
            await asyncio.to_thread(write_report, self._folder, report)
        except OSError as error:
            if not self._is_silent:
                log.warning("deploy cannot be told of the canary", reason=str(error))
            self._is_silent = True

    def facts(self) -> Mapping[str, Any]:
        """Return what people are told of a challenger; nothing where there is none."""
        split = self.split
        if split is None:
            return {}
        return {
            "version": split.order.version,
            "share": split.order.share if split.shares else 0.0,
            "requests": split.challenger.requests,
            "errors": split.challenger.errors,
            "compared": split.compared,
            "agreed": split.agreed,
        }


async def place_of(body: Sequence[bytes]) -> float:
    """Return where a body lies between 0 and 1: the same request gets the same version."""
    return int.from_bytes((await digest_of(body))[:8]) / 2**64
