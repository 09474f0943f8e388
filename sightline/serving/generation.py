"""A version in memory: a process that has opened it, and workers that are forked from that one."""

import asyncio
import json
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sightline.serving.tally import Tally
from sightline.serving.web.noise import NativeErrors
from sightline.serving.wire import DESCRIBE, GOLDEN, Question
from sightline.serving.worker_process import WorkerDiedError, WorkerProcess
from sightline.stage.nursery import START, Brood
from sightline.stage.nursery_handle import Nursery

Result = TypeVar("Result")
OPENING_SECONDS = 120.0


class LoadError(Exception):
    """A version cannot be served; says why."""


class Generation:
    """Workers of one version, as many as are asked for at a time."""

    def __init__(self, brood: Brood, tally: Tally | None = None) -> None:
        self.description: dict[str, Any] = {}
        self.classes: frozenset[str] = frozenset()
        self._tally = tally or Tally()
        self._errors = NativeErrors()
        self._brood = pickle.dumps(brood)
        self._nursery: Nursery | None = None
        self._asking = asyncio.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._holders = 0
        self._is_retired = False

    async def start(self, num_workers: int, *, threads: int) -> None:
        """Open the version and warm its workers.

        Raises:
            LoadError: it cannot be served.
        """
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                self._nursery = await asyncio.to_thread(self._start_nursery)
                workers = [await self.take() for _ in range(num_workers)]
                await asyncio.gather(*(self._warm(worker, threads) for worker in workers))
        except (WorkerDiedError, OSError, ValueError, TimeoutError) as error:
            self.end()
            raise LoadError(
                f"expected a version that answers, its process ended or took too long ({error})"
            ) from error
        except BaseException:
            self.end()
            raise

    def _start_nursery(self) -> Nursery:
        with self._errors.handle() as handle:
            return Nursery(self._brood, may_copy=False, errors=handle)

    async def _warm(self, worker: WorkerProcess, threads: int) -> None:
        described = await worker.ask(Question(call=DESCRIBE))
        content = json.loads(described.body)
        if described.status != 200:
            raise LoadError(str(content["error"]))
        self.description, self.classes = content, frozenset(content.get("classes", ()))
        await worker.ask(Question(call=GOLDEN, threads=threads))
        self.give_back(worker)

    async def take(self, *, fresh: bool = False) -> WorkerProcess:
        """Return a worker that nobody uses, the one that was used last, or a fresh one.

        Raises:
            OSError, ValueError: the process that starts workers is gone.
        """
        for gone in [worker for worker in self._idle if worker.is_gone]:
            self._idle.remove(gone)
            self._in_background(self.bury(gone))
        worker = self._idle.pop() if self._idle and not fresh else await self._fork()
        self._busy.add(worker)
        return worker

    async def _fork(self) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = await self._ask(lambda one: one.ask(START, [theirs.fileno()]))
            except BaseException:
                ours.close()
                raise
        self._tally.starts += 1
        ours.setblocking(False)
        return await WorkerProcess.connect(pid, ours)

    def give_back(self, worker: WorkerProcess) -> None:
        """Take back a worker that has answered."""
        if not worker.is_kept or worker.is_worn:
            self._in_background(self.bury(worker, "slow" if not worker.is_kept else "worn"))
            return
        self._busy.discard(worker)
        self._idle.append(worker)
        self._end_if_retired()

    async def bury(self, worker: WorkerProcess, reason: str = "") -> str:
        """End a worker, for a reason or because it is dead, and tell how it ended: SIGSEGV."""
        worker.kill()
        try:
            code = await self._ask(lambda one: one.ask(b"%d" % worker.pid))
        except (OSError, ValueError):
            code = -signal.SIGKILL
        finally:
            self._busy.discard(worker)
            self._end_if_retired()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._tally.ends[reason or how] += 1
        return how

    async def _ask(self, question: Callable[[Nursery], Result]) -> Result:
        # Shielded: a question that is left in the middle would get the next one's answer.
        return await asyncio.shield(self._in_background(self._ask_in_turn(question)))

    async def _ask_in_turn(self, question: Callable[[Nursery], Result]) -> Result:
        async with self._asking:
            if self._nursery is None:
                raise OSError("the process that starts workers has ended")
            return await asyncio.to_thread(question, self._nursery)

    def _in_background(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody does where the wait was cut off

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep it for a request that may still wait for a worker."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self._end_if_retired()

    def retire(self) -> None:
        """End it once the requests that it has are answered."""
        self._is_retired = True
        self._end_if_retired()

    def _end_if_retired(self) -> None:
        if self._is_retired and not self._busy and not self._holders:
            self.end()

    def end(self) -> None:
        """End all of its processes at once."""
        self._is_retired = True
        self._tally.ends["retired"] += len(self._idle)
        for worker in self._idle:
            worker.close()
        for worker in self._busy:
            worker.kill()
        self._idle, self._busy = [], set()
        nursery, self._nursery = self._nursery, None
        if nursery is not None:
            threading.Thread(target=nursery.end, daemon=True).start()
        self._errors.close()
