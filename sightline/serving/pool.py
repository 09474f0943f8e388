"""Who gets a worker, for how long, and what happens to requests whose worker dies."""

import asyncio
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from sightline.serving.generation import Generation
from sightline.serving.protocols.protocol import RequestError
from sightline.serving.web.noise import Noise
from sightline.serving.wire import Question, Reply
from sightline.serving.worker_process import WorkerDiedError, WorkerProcess

MOST_REFUSED = 1_000
REFUSED_SECONDS = 600.0
"""How long a body is refused that ended two workers."""
OVERSTAYED_SECONDS = 60.0
"""How long one is that took too long, which may have been the machine's fault."""
SMALL_BODY = 1 << 20
MOST_THREADS = 2
BUSY = (
    "The server is busy, and this request took long for one image while others waited. Try again "
    "later, or send smaller images."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long what may take."""

    body_seconds: float = 30.0
    """For a body to arrive."""
    queue_seconds: float = 10.0
    """Wait for a worker."""
    slow_seconds: float = 1.0
    """Time of one image after which the next request gets its place."""
    kept_seconds: float = 4.0
    """Time that a request gets even where many others take long, too."""
    deadline_seconds: float = 20.0
    """Time of a request with a worker."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A request that has a worker."""

    deadline: float
    client: str
    is_trial: bool
    began: float = field(default_factory=time.monotonic)
    worker: WorkerProcess | None = None
    is_aside: bool = False
    is_evicted: bool = False
    timer: asyncio.TimerHandle | None = None


class Places:
    """Places for requests that wait: clients take turns, however many requests each of them has."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, client: str) -> None:
        """Wait for a place."""
        if self._free and not self._waiting:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(client, turn)
            else:
                self.release()  # it came at the same moment
            raise

    def release(self) -> None:
        """Give a place to the client whose turn it is."""
        if not self._waiting:
            self._free += 1
            return
        client = next(iter(self._waiting))
        turn = self._waiting[client][0]
        self._waiting.move_to_end(client)
        self._forget(client, turn)
        if turn.cancelled():
            self.release()
        else:
            turn.set_result(None)

    def others_wait(self, client: str) -> bool:
        """Tell whether anybody else waits."""
        return any(one != client for one in self._waiting)

    def _forget(self, client: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(client, deque())
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._waiting.pop(client, None)


@dataclass(slots=True)
class Pool:
    """Answer questions with no more workers at once than there are places.

    A request that takes long for one image leaves its place: it goes on beside the others, after
    them, and is ended where too many such requests are under way. So nobody waits long for what
    somebody else sent.
    """

    places: int
    time_limits: TimeLimits = field(default_factory=TimeLimits)
    deaths: int = 0
    """Workers that died or overstayed."""
    waiting: int = 0
    """Requests that wait for a worker."""
    busy: int = 0
    """Requests that have one."""
    _free: Places = field(init=False)
    _aside: list[_Turn] = field(default_factory=list)
    _refused: OrderedDict[bytes, tuple[float, str]] = field(default_factory=OrderedDict)
    _noise: Noise = field(default_factory=Noise)

    def __post_init__(self) -> None:
        self._free = Places(self.places)

    async def answer(
        self, generation: Generation, question: Question, client: str = "", *, trial: bool = False
    ) -> Reply:
        """Return a worker's answer; clients who wait take turns.

        On trial, what ends workers may be the version's fault, or nobody waits for the answer: the
        body is not refused later.

        Raises:
            RequestError: no worker is free in time, it takes too long, or ends workers.
        """
        await self._check_refused(question.body)
        async with self._turn(client, trial=trial) as turn:
            how = await self._try(generation, question, turn, fresh=False)
            if isinstance(how, str):
                # The one before may have broken the memory, or somebody ended the process: only a
                # fresh process that dies, too, says that it is this request.
                how = await self._try(generation, question, turn, fresh=True)
        if isinstance(how, Reply):
            return how
        reason = f"the process that read them ended with {how}"
        raise await self._refusal(question.body, reason, REFUSED_SECONDS, turn)

    @asynccontextmanager
    async def _turn(self, client: str, *, trial: bool) -> AsyncIterator[_Turn]:
        self.waiting += 1
        try:
            async with asyncio.timeout(self.time_limits.queue_seconds):
                await self._free.acquire(client)
        except TimeoutError:
            raise RequestError(
                503,
                f"No worker was free within {self.time_limits.queue_seconds:g} seconds. Try again "
                "later, or add servers.",
            ) from None
        finally:
            self.waiting -= 1
        turn = _Turn(time.monotonic() + self.time_limits.deadline_seconds, client, trial)
        self.busy += 1
        try:
            yield turn
        finally:
            self.busy -= 1
            if turn.timer:
                turn.timer.cancel()
            if turn.is_aside:
                self._aside.remove(turn)
            else:
                self._free.release()

    async def _try(
        self, generation: Generation, question: Question, turn: _Turn, *, fresh: bool
    ) -> Reply | str:
        """Return the answer, or how the worker ended."""
        try:
            worker = await generation.take(fresh=fresh)
        except (OSError, ValueError) as error:
            raise RequestError(
                503, "No worker can be started. Try again in a moment.", "no worker starts"
            ) from error
        turn.worker = worker
        if turn.is_aside:
            worker.slow_down()
        self._watch(turn)
        try:
            async with asyncio.timeout(turn.deadline - time.monotonic()):
                reply = await worker.ask(self._with_threads(question), lambda: self._watch(turn))
        except WorkerDiedError:
            how = await generation.bury(worker, "evicted" if turn.is_evicted else "")
            self._count(how)
            if turn.is_evicted:
                raise RequestError(503, BUSY, "evicted") from None
            return how
        except TimeoutError:
            self._count("the deadline")
            await generation.bury(worker, "deadline")
            reason = f"it takes more than {self.time_limits.deadline_seconds:g} seconds"
            raise await self._refusal(question.body, reason, OVERSTAYED_SECONDS, turn) from None
        except BaseException:  # the client is gone: so is its work
            await generation.bury(worker, "client gone")
            raise
        generation.give_back(worker)
        return reply

    def _with_threads(self, question: Question) -> Question:
        """Let a request that is alone use a second core."""
        return replace(question, threads=max(1, min(MOST_THREADS, self.places // self.busy)))

    def _watch(self, turn: _Turn) -> None:
        """Begin to count the time of an image."""
        if turn.timer:
            turn.timer.cancel()
        if not turn.is_aside:
            loop = asyncio.get_running_loop()
            turn.timer = loop.call_later(self.time_limits.slow_seconds, self._set_aside, turn)

    def _set_aside(self, turn: _Turn) -> None:
        """Give the place of a slow request to the next one."""
        others = [one for one in self._aside if not one.is_evicted]
        if len(others) >= self.places:
            own = [one for one in others if one.client == turn.client]
            oldest = next(iter(own), others[0])
            # Where others wait, a client makes room among its own.
            is_kept = not (own and self._free.others_wait(turn.client))
            if is_kept and time.monotonic() - oldest.began < self.time_limits.kept_seconds:
                self._watch(turn)
                return
            oldest.is_evicted = True
            _worker_of(oldest).kill()
        turn.is_aside = True
        _worker_of(turn).slow_down()
        self._aside.append(turn)
        self._free.release()

    def _count(self, how: str) -> None:
        self.deaths += 1
        self._noise.say("a worker was ended", by=how)

    async def _check_refused(self, body: Sequence[bytes]) -> None:
        """Raise what a request with this body got, where that ended workers lately."""
        if not self._refused:
            return
        digest = await digest_of(body)
        until, message = self._refused.get(digest, (0.0, ""))
        if until > time.monotonic():
            raise RequestError(422, message)

    async def _refusal(
        self, body: Sequence[bytes], reason: str, seconds: float, turn: _Turn
    ) -> RequestError:
        """Note a body that ends workers, unless it is a question of ours, and return the answer."""
        message = (
            f"Expected images that can be decoded, received some that cannot: {reason}. Leave them "
            f"out or write them anew as JPEG or PNG; the same request is refused for {seconds:g} s."
        )
        if body and not turn.is_trial:
            self._refused[await digest_of(body)] = time.monotonic() + seconds, message
        while len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)
        return RequestError(422, message)


def _worker_of(turn: _Turn) -> WorkerProcess:
    assert turn.worker  # noqa: S101 - a turn is watched from when it has one
    return turn.worker


async def digest_of(body: Sequence[bytes]) -> bytes:
    """Return the SHA-256 of a body; of a large one in a thread."""

    def calculate() -> bytes:
        digest = hashlib.sha256()
        for piece in body:
            digest.update(piece)
        return digest.digest()

    is_small = sum(map(len, body)) < SMALL_BODY
    return calculate() if is_small else await asyncio.to_thread(calculate)
