"""Runs each task as a process of this machine, in the Python that runs Sightline."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO

from sightline.package.reading.plan import Plan, PlannedTask
from sightline.project.gpus import VISIBLE, visible_devices
from sightline.targets.local.code_version import CodeVersion, code_version
from sightline.targets.local.launchers.launcher import Job, OnLine, Outcome
from sightline.targets.local.modules import check_modules, import_root, is_stage
from sightline.targets.local.runner.guard import Guard

PATIENCE_SECONDS = 10.0
NOT_STARTED = 127
"""As a shell says it when there is no such command."""


class ProcessLauncher:
    """Starts every task in a process group of its own, which ends with the task."""

    one_at_a_time = False

    def __init__(self) -> None:
        self._guard: Guard
        self._lock: int
        self._groups: set[int] = set()
        self._cancelled = False

    def check(self, plan: Plan) -> None:
        check_modules(plan)

    def start(self, lock: IO[str]) -> None:
        self._lock = lock.fileno()
        self._guard = Guard(self._lock)

    def code_version(self, task: PlannedTask) -> CodeVersion:
        return code_version(task)

    def launch(self, job: Job, on_line: OnLine) -> Outcome:
        if self._cancelled:
            return Outcome(128 + signal.SIGTERM)
        with job.log.open("ab") as log:
            try:
                process = self._start_process(job)
            except OSError as error:
                log.write(f"{error}\n".encode())
                return Outcome(NOT_STARTED)
            reader = threading.Thread(target=_copy, args=(process.stdout, log, on_line))
            reader.start()
            try:
                # Left unreaped, the group's number cannot be given to another one.
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
                _signal(process.pid, signal.SIGKILL)
            finally:
                self._groups.discard(process.pid)
                process.wait()
                self._guard.forget(process.pid)
                reader.join()
        code = process.returncode
        return Outcome(code if code >= 0 else 128 - code)

    def _start_process(self, job: Job) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command(job),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(job),
            start_new_session=True,
            # Whoever may still write into the run also holds its lock.
            pass_fds=(self._lock,),
        )
        self._guard.watch(process.pid)
        self._groups.add(process.pid)
        if self._cancelled:
            _signal(process.pid, signal.SIGTERM)
        return process

    def cancel(self) -> None:
        self._cancelled = True
        for group in tuple(self._groups):
            _signal(group, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._groups and time.monotonic() < deadline:
            time.sleep(0.02)
        for group in tuple(self._groups):
            _signal(group, signal.SIGKILL)

    def close(self) -> None:
        self._guard.close()

    def _command(self, job: Job) -> list[str]:
        command = list(job.command)
        if command[0] in {"python", "python3"}:
            command[0] = sys.executable
        if job.task.module:
            # A folder of the same name in the working folder must not hide the module.
            command.insert(1, "-P")
        return command

    def _environment(self, job: Job) -> dict[str, str]:
        shown = {"PYTHONUNBUFFERED": "1", VISIBLE: visible_devices(job.task.gpus)}
        environment = {**os.environ, **shown, **job.environment}
        module = job.task.module
        root = import_root(module) if module else None
        if module and root is not None:
            paths = [environment.get("PYTHONPATH", ""), str(root)]
            if is_stage(module):
                paths.reverse()  # no other package `components` may hide ours
            environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        return environment


def _copy(source: IO[bytes] | None, log: IO[bytes], on_line: OnLine) -> None:
    if source is None:
        return
    with source:
        for line in source:
            # A full disk must not stop the reading, which would stop the task.
            with suppress(OSError):
                log.write(line)
                log.flush()
            on_line(line.decode("utf-8", errors="replace"))


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return
