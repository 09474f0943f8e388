"""Run the `sightline` command, as a user types it: in this process, or in one of its own."""

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from unittest import mock

from sightline.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def sightline(*arguments: object) -> Ended:
    """Run `sightline ARGUMENTS` and return its exit code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.object(sys, "argv", ["sightline", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())


def run_in_one_process(*arguments: object) -> Ended:
    """Run `sightline run ARGUMENTS` with all its stages in one process, which is not this one.

    For tests of what the stages make: TensorFlow is imported once in place of three times.
    """
    words = ("run", "--launcher", "inline", *map(str, arguments))
    done = subprocess.run(
        [sys.executable, "-m", "sightline", *words], capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)
