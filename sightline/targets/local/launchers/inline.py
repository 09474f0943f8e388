"""Runs each task in this process, so that a debugger stops in stage code.

While a stage runs, the folder that holds `components/` is the first on this process's import path.
"""

import contextvars
import io
import os
import runpy
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import IO, TextIO

from sightline.ground.errors import UserError
from sightline.ground.storage.redaction import redact_words
from sightline.package.reading.plan import Plan, PlannedTask
from sightline.project.gpus import VISIBLE, visible_devices
from sightline.targets.local.code_version import CodeVersion, code_version
from sightline.targets.local.launchers.launcher import Job, OnLine, Outcome
from sightline.targets.local.modules import (
    check_importable_here,
    check_modules,
    import_root,
    is_stage,
)


class InlineLauncher:
    """Runs `python -m module` commands one after the other in the calling thread."""

    one_at_a_time = True

    def check(self, plan: Plan) -> None:
        for task in plan.tasks.values():
            if task.module is None:
                raise UserError(
                    f"{task.name}: the inline launcher runs `python3 -m module` commands only; "
                    f"this one starts with `{task.command[0]}`. Use --launcher process."
                )
        check_modules(plan)
        check_importable_here(plan)

    def start(self, lock: IO[str]) -> None:
        """Need nothing: the tasks live and die with this process."""

    def code_version(self, task: PlannedTask) -> CodeVersion:
        return code_version(task)

    def launch(self, job: Job, on_line: OnLine) -> Outcome:
        with job.log.open("a", encoding="utf-8") as log:
            errors = _Tee(sys.stderr, log, on_line)
            with _surroundings(job), redirect_stderr(errors):
                # What a task binds to its context, such as the stage of its events, ends with it.
                return Outcome(contextvars.copy_context().run(_run, job.command[2], errors))

    def cancel(self) -> None:
        """Do nothing: the signal has already ended the task in this thread."""

    def close(self) -> None:
        """Give back nothing."""


def _run(module: str, errors: TextIO) -> int:
    try:
        with warnings.catch_warnings():
            # A module that an earlier task of this process has imported runs again, from its file.
            warnings.filterwarnings("ignore", ".* found in sys.modules", RuntimeWarning)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if isinstance(error.code, str):
            errors.write(f"{error.code}\n")
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except Exception:
        errors.write(redact_words(traceback.format_exc()))
        return 1
    return 0


class _Tee(io.StringIO):
    """Standard error of a task: events to the runner, other text to the terminal, all to the log.

    It says that it is no terminal, so that stages write events as JSON lines.
    """

    def __init__(self, terminal: TextIO, log: TextIO, on_line: OnLine) -> None:
        super().__init__()
        self._terminal = terminal
        self._log = log
        self._on_line = on_line
        self._rest = ""

    def write(self, text: str) -> int:
        self._log.write(text)
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._on_line(line)
            if not line.startswith("{"):
                self._terminal.write(f"{line}\n")
        return len(text)

    def flush(self) -> None:
        self._log.flush()
        self._terminal.flush()

    def isatty(self) -> bool:
        return False


@contextmanager
def _surroundings(job: Job) -> Iterator[None]:
    """Give a task the arguments, environment and import path that its own process would have."""
    arguments, environment, path = sys.argv, dict(os.environ), list(sys.path)
    sys.argv = list(job.command[2:])
    module = job.command[2]
    if is_stage(module):
        sys.path.insert(0, str(import_root(module)))
    # TensorFlow looks once in a process: the first task that imports it decides for the others.
    os.environ[VISIBLE] = visible_devices(job.task.gpus)
    os.environ.update(job.environment)
    try:
        yield
    finally:
        sys.argv, sys.path[:] = arguments, path
        os.environ.clear()
        os.environ.update(environment)
