"""The versions that are served: found in the model folder, loaded aside, switched at once."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sightline.ground.models.formats import TENSORFLOW
from sightline.ground.models.model_folder import (
    CHALLENGER_PREFIX,
    FolderError,
    taken_numbers,
    version_numbers,
    version_place,
)
from sightline.serving.generation import Generation, LoadError
from sightline.stage import log

RETRY_SECONDS = 60.0
MAX_STATES = 10
MOST_PINNED = 2
PINNED_SECONDS = 60.0
"""How long a version that is not live stays in memory after its last request."""
# What stands before a file's name is nobody's business but the server's.
FOLDERS = re.compile(r"(?<![\w.~-])~?/(?:[^/\s:;,'\"()]+/)+")
State = Literal["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionState:
    """The state of one version, in the words of TensorFlow Serving."""

    version: int
    state: State
    error: str = ""

    @property
    def is_available(self) -> bool:
        """Tell whether it answers."""
        return self.state == "AVAILABLE"

    def as_json(self) -> dict[str, object]:
        """Return it as `GetModelStatusResponse` has it."""
        return {
            "version": str(self.version),
            "state": self.state,
            "status": {
                "error_code": "UNKNOWN" if self.error else "OK",
                "error_message": FOLDERS.sub("", self.error),
            },
        }


@dataclass(slots=True, kw_only=True)
class Live:
    """A version that answers, and the state of its folder when it was opened."""

    number: int
    generation: Generation
    stamp: tuple[int, ...]
    used: float


Loader = Callable[[int], Awaitable[Generation]]


class Versions:
    """Keep the newest version of a model folder that loads, and others for as long as asked for."""

    def __init__(self, folder: Path, load: Loader) -> None:
        self._folder, self._load = folder, load
        self._states: dict[int, VersionState] = {}
        self.switches = self.failures = 0
        """How often another version went live, and how often one did not load."""
        self._failed: dict[int, tuple[float, tuple[int, ...]]] = {}
        self._current: Live | None = None
        self._pinned: dict[int, Live] = {}
        self._loading = asyncio.Lock()
        self._wake = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    @property
    def current(self) -> Live | None:
        """The version that answers requests that name none."""
        return self._current

    def loaded(self) -> list[int]:
        """Return the versions that are in memory, the live one first."""
        return [one.number for one in (self._current, *self._pinned.values()) if one]

    def states(self) -> list[VersionState]:
        """Return the states of the versions that this server has seen, newest first."""
        return [self._states[number] for number in sorted(self._states, reverse=True)[:MAX_STATES]]

    async def start(self, *, poll_seconds: float) -> Live:
        """Load the first version, then watch the folder in the background.

        Raises:
            FolderError: the folder has no version, or none of them loads.
        """
        if not await asyncio.to_thread(version_numbers, self._folder):
            raise FolderError(
                f"{self._folder}: expected a model folder with a version in it, such as "
                f"{self._folder / '1'}; found none. Run the pipeline, or name its deploy folder."
            )
        await self.refresh()
        if self._current is None:
            reasons = " ".join(f"Version {s.version}: {s.error}" for s in self.states())
            raise FolderError(f"{self._folder}: expected a version that loads. {reasons}")
        self._watcher = asyncio.create_task(self._watch(poll_seconds))
        return self._current

    async def stop(self) -> None:
        """Stop watching the folder, and end all versions."""
        if self._watcher:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
        for live in (self._current, *self._pinned.values()):
            if live:
                live.generation.end()

    def reload(self) -> None:
        """Look at the folder now, and at versions that did not load, too."""
        self._failed.clear()
        self._wake.set()

    async def find(self, number: int | None) -> Generation | None:
        """Return the live version, or another one that is whole; None if there is none."""
        if number is None or (self._current and number == self._current.number):
            return self._current.generation if self._current else None
        async with self._loading:
            pinned = self._pinned.get(number) or await self._pin(number)
        if pinned is None:
            return None
        pinned.used = time.monotonic()
        return pinned.generation

    def problem_of(self, number: int) -> str:
        """Say why a version does not answer, where it was tried."""
        state = self._states.get(number)
        return state.error if state else ""

    async def _pin(self, number: int) -> Live | None:
        numbers = await asyncio.to_thread(self._known)
        if number not in numbers or self._failed_lately(number, self._stamp(number)):
            return None
        loaded = await self._open(number)
        if loaded:
            self._keep(loaded)
        return loaded

    def _known(self) -> list[int]:
        """Return the versions that may be asked by their number: a challenger, too."""
        challengers = taken_numbers(self._folder, CHALLENGER_PREFIX)
        return [*version_numbers(self._folder), *challengers]

    def _keep(self, live: Live) -> None:
        """Keep a version that is not live, in place of the one that nobody asked for longest."""
        self._pinned[live.number] = live
        while len(self._pinned) > MOST_PINNED:
            self._let_go(min(self._pinned.values(), key=lambda one: one.used).number)

    def _let_go(self, number: int) -> None:
        self._pinned.pop(number).generation.retire()
        self._set_state(number, "END")

    async def refresh(self) -> None:
        """Serve the newest version that loads; keep the present one if there is none."""
        numbers = await asyncio.to_thread(version_numbers, self._folder)
        async with self._loading:
            for number in numbers:
                stamp = await asyncio.to_thread(self._stamp, number)
                current = self._current
                if current is not None and (number, stamp) == (current.number, current.stamp):
                    break
                if not self._failed_lately(number, stamp) and await self._switch_to(number):
                    break
                if current is not None and number == current.number:
                    break  # what replaced it in place does not load: the one in memory stays
            known = await asyncio.to_thread(self._known)
            self._drop_pinned(known)
        for number, state in list(self._states.items()):
            is_current = self._current is not None and number == self._current.number
            if number not in known and not is_current and state.state != "END":
                self._set_state(number, "END")

    def _drop_pinned(self, numbers: list[int]) -> None:
        for number, live in list(self._pinned.items()):
            is_old = time.monotonic() - live.used > PINNED_SECONDS
            if is_old or number not in numbers or self._stamp(number) != live.stamp:
                self._let_go(number)

    async def _watch(self, poll_seconds: float) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), poll_seconds)
            self._wake.clear()
            try:
                await self.refresh()
            except (OSError, FolderError) as error:  # the folder is out of reach for now
                log.warning("cannot read the model folder", reason=str(error))

    def _stamp(self, number: int) -> tuple[int, ...]:
        """Return what changes when a version is replaced under the same number."""
        place = version_place(self._folder, number)
        try:
            found = [path.stat() for path in sorted(place.rglob("*"))]
        except OSError:
            return ()
        return tuple(n for one in found for n in (one.st_ino, one.st_mtime_ns, one.st_size))

    def _failed_lately(self, number: int, stamp: tuple[int, ...]) -> bool:
        failed, before = self._failed.get(number, (0.0, ()))
        return before == stamp and time.monotonic() - failed < RETRY_SECONDS

    async def _switch_to(self, number: int) -> bool:
        previous = self._current
        pinned = self._pinned.get(number)
        if pinned is not None and _stays(pinned) and pinned.stamp == self._stamp(number):
            loaded: Live | None = self._pinned.pop(number)
        else:
            loaded = await self._open(number)
        if loaded is None:
            return False
        self._current = loaded
        self.switches += 1
        before = previous.number if previous else None
        if previous is not None and previous.number != number:
            # Requests that name the version before may still be on their way.
            previous.used = time.monotonic()
            self._keep(previous)
        elif previous is not None:
            previous.generation.retire()
        engine = loaded.generation.description.get("engine")
        log.event("serving", version=number, before=before, engine=engine)
        return True

    async def _open(self, number: int) -> Live | None:
        stamp = self._stamp(number)
        self._set_state(number, "LOADING")
        try:
            generation = await self._load(number)
        except LoadError as error:
            self._failed[number] = time.monotonic(), stamp
            self.failures += 1
            self._set_state(number, "END", str(error))
            still = self._current.number if self._current else None
            log.warning(
                "version does not load", version=number, reason=str(error), still_serving=still
            )
            return None
        self._set_state(number, "AVAILABLE")
        return Live(number=number, generation=generation, stamp=stamp, used=time.monotonic())

    def _set_state(self, number: int, state: State, error: str = "") -> None:
        self._states[number] = VersionState(version=number, state=state, error=error)


def _stays(pinned: Live) -> bool:
    """Tell whether a version may go on answering once its folder has another name.

    TensorFlow is opened in each worker, from the folder that it had.
    """
    return pinned.generation.description.get("engine") != TENSORFLOW
