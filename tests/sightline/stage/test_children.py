import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pytest

from sightline.ground.errors import DataError
from sightline.stage.children import ChildDiedError, Children


def behave(data: bytes, *, prefix: str = "") -> str:
    """Do what the bytes say."""
    if data == b"crash":
        ctypes.string_at(1)
    if data == b"abort":
        os.abort()
    if data == b"refuse":
        raise DataError("refused")
    if data == b"spin":
        while True:
            pass
    if data == b"eat":
        return str(len(bytearray(1 << 30)))
    if data == b"who":
        return str(os.getpid())
    return prefix + data.decode()


@pytest.fixture(scope="module")
def children() -> Iterator[Children[str]]:
    with Children(partial(behave, prefix="> "), memory_bytes=1 << 28, cpu_seconds=1) as children:
        yield children


@pytest.mark.parametrize("word", ["crash", "abort"])
def test_bytes_that_end_their_process_are_an_error_and_the_next_are_answered(
    children: Children[str], word: str
) -> None:
    with pytest.raises(ChildDiedError, match="the process that read it ended with SIG"):
        children.call(word.encode())

    assert children.call(b"next") == "> next"


def test_errors_reach_the_caller(children: Children[str]) -> None:
    with pytest.raises(DataError, match="refused"):
        children.call(b"refuse")


def test_bytes_that_take_too_long_are_an_error(children: Children[str]) -> None:
    with pytest.raises(ChildDiedError, match="more than 1 seconds of processor time"):
        children.call(b"spin")


def test_bytes_that_take_too_much_memory_are_an_error(children: Children[str]) -> None:
    with pytest.raises(MemoryError):
        children.call(b"eat")


def test_a_process_that_somebody_ends_costs_no_call(children: Children[str]) -> None:
    with ThreadPoolExecutor(2) as threads:
        for pid in set(threads.map(children.call, [b"who"] * 8)):
            os.kill(int(pid), signal.SIGKILL)

        answers = list(threads.map(children.call, [b"a", b"b", b"c", b"d"]))

    assert answers == ["> a", "> b", "> c", "> d"]


def test_calls_of_several_threads_get_their_own_answers(children: Children[str]) -> None:
    words = [str(number) * 50_000 for number in range(9)] * 20

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(children.call, [word.encode() for word in words]))

    assert answers == [f"> {word}" for word in words]


def test_no_process_is_left_when_the_caller_is_done() -> None:
    with Children(behave) as children:
        pid = int(children.call(b"who"))

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_function_that_has_no_name_is_refused_at_once() -> None:
    with pytest.raises(AttributeError, match="local object"):
        Children(lambda data: data)


def test_a_process_without_threads_starts_copies_of_itself() -> None:
    program = (
        "from sightline.stage.children import ChildDiedError, Children\n"
        "from tests.sightline.stage.test_children import behave\n"
        "with Children(behave) as children:\n"
        "    print(*children.call_each([b'a', b'crash', b'refuse', b'b']), sep='; ')\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("a; the process that read it ended with SIG")
    assert done.stdout.endswith("; refused; b\n")


@dataclass
class Noting:
    """Notes in which processes it was called."""

    prepared_in: int = 0
    begun_in: int = 0

    def prepare(self) -> None:
        self.prepared_in = os.getpid()

    def begin(self) -> None:
        self.begun_in = os.getpid()

    def __call__(self, data: bytes) -> tuple[int, int, int]:
        if data == b"crash":
            ctypes.string_at(1)
        return self.prepared_in, self.begun_in, os.getpid()


def test_what_is_prepared_once_every_child_finds_done() -> None:
    noting = Noting()

    with Children(noting, workers=1, prepare=noting.prepare, begin=noting.begin) as children:
        before = children.call(b"")
        with pytest.raises(ChildDiedError):
            children.call(b"crash")
        after = children.call(b"")

    assert before[0] == after[0] not in (0, os.getpid(), before[2])
    assert before[1] == before[2] != after[1] == after[2]
