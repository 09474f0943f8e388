"""Run tests in a copy of the tree, in a process that is forked from one where nothing ran."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest
from measuring import DATA, REPOSITORY, processor_seconds
from reach import Recorder

# What takes long to import, and survives a fork.
MODULES = (
    "ai_edge_litert.interpreter",
    "fsspec",
    "keras",
    "matplotlib.pyplot",
    "pandas",
    "pyarrow.parquet",
    "pydantic",
    "scipy.stats",
    "sklearn.datasets",
    "structlog",
)
TOO_LONG, OUT_OF_TIME = 97, 98
MOST_SECONDS, MOST_SECONDS_WAITING = 3600, 300


class Trial:
    """A plugin of pytest that runs some tests, in their order, until one fails or time is up."""

    def __init__(self, tests: dict[str, float], seconds: float, failed: Path) -> None:
        self._tests = tests
        self._order = {test: number for number, test in enumerate(tests)}
        self._seconds = seconds
        self._failed = failed
        self.out_of_time = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that reach the edit."""
        kept = [item for item in items if item.nodeid in self._order]
        items[:] = sorted(kept, key=lambda item: self._order[item.nodeid])

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note the test for the case that it never ends, and set it a limit."""
        self._failed.write_text(item.nodeid, encoding="utf-8")
        # A busy machine makes no test hang: work counts in processor time, waiting more loosely.
        for kind in (signal.SIGPROF, signal.SIGALRM):
            signal.signal(kind, too_long)
        signal.setitimer(signal.ITIMER_PROF, 30 + 10 * self._tests[item.nodeid])
        signal.alarm(MOST_SECONDS_WAITING)

    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Stop where the time for this edit is used up."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        if nextitem is not None and processor_seconds() > self._seconds:
            self.out_of_time = True
            item.session.shouldstop = "out of time"


def too_long(signum: int, frame: FrameType | None) -> NoReturn:
    """End the process: what hangs in an edited line may catch every exception."""
    os._exit(TOO_LONG)


def copy_tree(tree: Path) -> None:
    """Copy what git knows or would take in."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, tree / name)


def rewrite(path: Path, source: str) -> None:
    """Replace a source file; bytecode of the same second and size would be taken for its own."""
    path.write_text(source, encoding="utf-8")
    Path(cache_from_source(path)).unlink(missing_ok=True)


def import_once() -> None:
    """Import what takes long before the first fork; all of it survives one."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in MODULES:
        import_module(name)


def run_tests(tree: Path, arguments: Sequence[str], plugin: Recorder | Trial) -> int:
    """Run pytest in the copy; return its exit code, or why it was ended."""
    child = os.fork()
    if child == 0:
        run_in_child(tree, arguments, plugin)
    deadline = time.monotonic() + MOST_SECONDS
    done, status = 0, 0
    while not done and time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    # Also what a test started and an edit kept alive.
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return TOO_LONG
    return os.waitstatus_to_exitcode(status)


def run_in_child(tree: Path, arguments: Sequence[str], plugin: Recorder | Trial) -> NoReturn:
    """Become a process of its own with the copy as the project, and run pytest in it."""
    os.setsid()
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    # Bytecode of what no edit touches is made once.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(tree)
    os.environ.setdefault("SIGHTLINE_TEST_DATA", str(DATA))
    output = os.open(tree / ".output.log", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = int(pytest.main(["-q", "-p", "no:cacheprovider", *arguments], plugins=[plugin]))
    out_of_time = (
        isinstance(plugin, Trial) and plugin.out_of_time and code == pytest.ExitCode.INTERRUPTED
    )
    os._exit(OUT_OF_TIME if out_of_time else code)
