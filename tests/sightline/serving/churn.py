"""Load on a server while versions switch, workers die and damaged versions are offered."""

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.sightline.serving.processes import grandchildren
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import grey, lay_version

TICK_SECONDS = 0.1
DAMAGED = 1_000_000
"""Added to the number of a version that shall never be live."""


@dataclass(slots=True)
class Churn:
    """What clients were answered meanwhile."""

    answers: list[tuple[int, int, bool]] = field(default_factory=list)
    """Status, version, and whether the answer is the one of this version."""
    reasons: Counter[str] = field(default_factory=Counter)
    """What was said instead of answers."""
    num_switches: int = 0
    num_killed: int = 0
    num_damaged: int = 0
    longest_pause: float = 0.0
    """Seconds that even a thread that only sleeps was kept from running: the machine's fault."""

    @property
    def num_lost(self) -> int:
        """How many requests have no answer of a version."""
        return sum(status != httpx.codes.OK for status, _, _ in self.answers)

    @property
    def num_wrong(self) -> int:
        """How many answers are not those of the version that they name."""
        return sum(
            not right or version >= DAMAGED
            for status, version, right in self.answers
            if status == httpx.codes.OK
        )

    @property
    def versions(self) -> set[int]:
        """Which versions answered."""
        return {version for status, version, _ in self.answers if status == httpx.codes.OK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often what happens, in seconds."""

    lasts: float
    switch: float
    kill: float
    damage: float


def churn(folder: Path, pace: Pace, *, num_clients: int = 4) -> Churn:
    """Serve a folder and ask it all the time, while all that happens to it."""
    happened = Churn()
    lay_version(folder, 1)
    stop = threading.Event()
    with (
        serving_folder(folder, poll_seconds=0.1) as address,
        _clients(address, happened, stop, num_clients),
        _pauses(happened, stop),
    ):
        begun = time.monotonic()
        due = {_switch: pace.switch, _kill: pace.kill, _offer_damaged: pace.damage}
        times = {act: every / 2 for act, every in due.items()}
        while (now := time.monotonic() - begun) < pace.lasts:
            for act in [act for act, moment in times.items() if moment <= now]:
                act(folder, happened)
                times[act] += due[act]
            time.sleep(0.05)
        stop.set()
    return happened


@contextmanager
def _clients(address: str, happened: Churn, stop: threading.Event, number: int) -> Iterator[None]:
    def ask() -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            while not stop.is_set():
                happened.answers.append(_answer(client, happened))

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _pauses(happened: Churn, stop: threading.Event) -> Iterator[None]:
    def watch() -> None:
        before = time.monotonic()
        while not stop.wait(TICK_SECONDS):
            now = time.monotonic()
            happened.longest_pause = max(happened.longest_pause, now - before - TICK_SECONDS)
            before = now

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _answer(client: httpx.Client, happened: Churn) -> tuple[int, int, bool]:
    try:
        response = client.post("/predict", content=grey(0))
    except httpx.HTTPError as error:
        happened.reasons[repr(error)] += 1
        return 0, 0, False
    if response.status_code != httpx.codes.OK:
        happened.reasons[f"{response.status_code} {response.text[:200]}"] += 1
    version = int(response.headers.get("x-model-version", "0"))
    # Even versions are inverted: they call black light.
    return response.status_code, version, ('"light"' in response.text) == (version % 2 == 0)


def _switch(folder: Path, happened: Churn) -> None:
    happened.num_switches += 1
    number = 1 + happened.num_switches
    lay_version(folder, number, inverted=number % 2 == 0)


def _kill(_: Path, happened: Churn) -> None:
    for pid in grandchildren(os.getpid())[:1]:
        # One that was replaced in this moment is gone already.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            happened.num_killed += 1


def _offer_damaged(folder: Path, happened: Churn) -> None:
    shutil.rmtree(folder / str(DAMAGED + happened.num_damaged), ignore_errors=True)
    happened.num_damaged += 1
    damaged = lay_version(folder, DAMAGED + happened.num_damaged)
    (damaged / "model.tflite").write_bytes(b"weights of something else")
