import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.ground.storage.locks import hold_soon, holder, is_locked, lock_run, try_to_hold

WAIT_FOR_INPUT = "import sys; sys.stdin.read()"


def test_a_lock_that_is_held_names_its_process(tmp_path: Path) -> None:
    path = tmp_path / "schedules.lock"
    lock = try_to_hold(path)
    assert lock is not None

    with closing(lock):
        assert try_to_hold(path) is None
        assert hold_soon(path, wait_seconds=0) is None
        assert holder(path) == os.getpid()

    assert holder(path) is None


def test_a_lock_that_nobody_ever_held_is_free(tmp_path: Path) -> None:
    assert holder(tmp_path / "schedules.lock") is None
    assert not is_locked(tmp_path)


def test_a_child_that_inherits_a_lock_holds_it_until_it_dies(tmp_path: Path) -> None:
    lock = try_to_hold(tmp_path / "lock")
    assert lock is not None
    with closing(lock):
        child = subprocess.Popen(
            [sys.executable, "-c", WAIT_FOR_INPUT], stdin=subprocess.PIPE, pass_fds=(lock.fileno(),)
        )

    held = is_locked(tmp_path)
    child.send_signal(signal.SIGKILL)
    child.communicate()

    assert held
    assert not is_locked(tmp_path)


def test_a_run_that_is_still_running_is_refused_by_its_process(tmp_path: Path) -> None:
    folder = tmp_path / "20261122-080000-abc"
    folder.mkdir()

    with closing(lock_run(folder)), pytest.raises(UserError) as refused:
        lock_run(folder, wait_seconds=0)
    lock_run(folder, wait_seconds=0).close()

    assert str(refused.value) == (
        f"Run 20261122-080000-abc is still running (process {os.getpid()}). "
        "Wait for it or end it, then resume."
    )
