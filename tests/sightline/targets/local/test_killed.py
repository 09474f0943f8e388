"""Runs that are cancelled or killed, and what can be done after that."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.runs.records import RunRecord
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import resume
from sightline.targets.local.store import find_run, last_resumable
from tests.sightline.targets.local.toys import compiled, run_toy, say, shell, states, write

pytestmark = pytest.mark.slow

RUN = """
import sys
from pathlib import Path
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import run
root = Path(sys.argv[2])
record = run(Path(sys.argv[1]), parameters={}, options=RunOptions(root=root))
sys.exit({"succeeded": 0, "failed": 1, "cancelled": 130}[record.status])
"""

# Counts its attempts in a partial output, as a stage that keeps checkpoints does, and ends
# once the file `go` is there.
SLOW = """
partial="$(dirname "$1")/.model.partial"
mkdir -p "$partial"; echo attempt >> "$partial/checkpoints"
echo $$ > "$2/pid"
until test -e "$2/go"; do sleep 0.05; done
mv "$partial" "$1"
"""


@dsl.container_component
def slow(model: dsl.Output[dsl.Model], folder: str, data: dsl.Input[dsl.Dataset]):
    return shell(SLOW, model.path, folder)


def slow_pipeline(folder: Path) -> Path:
    """A quick task, a slow one, and one after it."""

    @dsl.pipeline(name="slow")
    def pipeline() -> None:
        written = write(text="a", answer="b")
        say(text="after").after(slow(data=written.outputs["data"], folder=str(folder)))

    return compiled(pipeline, folder)


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Run the slow pipeline in a process of its own, until its slow task is at work."""
    specification = slow_pipeline(folder)
    arguments = [sys.executable, "-c", RUN, str(specification), str(folder / "root")]
    process = subprocess.Popen(arguments, start_new_session=True)
    wait_until(lambda: (folder / "pid").exists() and bool((folder / "pid").read_text()))
    return process


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for something that must become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def alive(folder: Path) -> bool:
    """Whether the slow task is still at work."""
    try:
        state = Path(f"/proc/{int((folder / 'pid').read_text())}/stat").read_text()
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def resumed(folder: Path) -> RunRecord:
    """Resume the only run, letting its slow task end."""
    (folder / "go").touch()
    return resume("latest", options=RunOptions(root=folder / "root"))


def test_a_killed_runner_takes_its_tasks_with_it_and_its_run_can_be_resumed(
    tmp_path: Path,
) -> None:
    process = start(tmp_path)

    process.kill()
    process.wait()

    wait_until(lambda: not alive(tmp_path))
    wait_until(lambda: find_run(tmp_path / "root").status == "interrupted")
    killed = find_run(tmp_path / "root")
    assert states(killed) == {"write": "succeeded", "slow": "cancelled", "say": "waiting"}

    record = resumed(tmp_path)

    assert record.id == killed.id
    assert states(record) == {"write": "succeeded", "slow": "succeeded", "say": "succeeded"}
    assert record.tasks["write"] == killed.tasks["write"]
    checkpoints = record.artifact_path("slow", "model") / "checkpoints"
    assert checkpoints.read_text() == "attempt\nattempt\n"
    assert record.status == find_run(tmp_path / "root").status == "succeeded"


def test_a_killed_task_fails_its_run_which_can_be_resumed(tmp_path: Path) -> None:
    process = start(tmp_path)

    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    assert process.wait(timeout=120) == 1
    failed = find_run(tmp_path / "root")
    assert states(failed) == {"write": "succeeded", "slow": "failed", "say": "not run"}
    assert resumed(tmp_path).status == "succeeded"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_tasks_and_the_run_is_cancelled(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start(tmp_path)

    process.send_signal(number)

    assert process.wait(timeout=120) == 130
    assert not alive(tmp_path)
    record = find_run(tmp_path / "root")
    assert record.status == "cancelled"
    assert states(record) == {"write": "succeeded", "slow": "cancelled", "say": "not run"}
    assert last_resumable(tmp_path / "root") == record
    assert resumed(tmp_path).status == "succeeded"


def test_a_new_run_after_a_killed_one_finds_nothing_half_made(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.kill()
    process.wait()
    (tmp_path / "go").touch()

    code = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "slow.yaml"), str(tmp_path / "root")],
        check=False,
    ).returncode

    record = find_run(tmp_path / "root")
    assert code == 0
    assert states(record) == {"write": "reused", "slow": "succeeded", "say": "succeeded"}
    checkpoints = record.artifact_path("slow", "model") / "checkpoints"
    assert checkpoints.read_text() == "attempt\n"


def test_a_run_that_is_still_running_cannot_be_resumed(tmp_path: Path) -> None:
    process = start(tmp_path)

    try:
        assert find_run(tmp_path / "root").status == "running"
        with pytest.raises(UserError, match=r"is still running \(process \d+\)"):
            resume("latest", options=RunOptions(root=tmp_path / "root"))
    finally:
        process.kill()
        process.wait()


def test_a_run_that_succeeded_cannot_be_resumed(tmp_path: Path) -> None:
    @dsl.pipeline(name="quick")
    def quick() -> None:
        say(text="a")

    run_toy(quick, tmp_path)

    assert last_resumable(tmp_path / "root") is None
    with pytest.raises(UserError, match=r"has succeeded\. Start a new one"):
        resume("latest", options=RunOptions(root=tmp_path / "root"))


def test_a_resumed_run_makes_again_what_was_lost(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.kill()
    process.wait()
    killed = find_run(tmp_path / "root")
    (killed.artifact_path("write", "data") / "text").unlink()

    record = resumed(tmp_path)

    assert record.status == "succeeded"
    assert (record.artifact_path("write", "data") / "text").read_text() == "a"
