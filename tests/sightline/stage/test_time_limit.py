"""A stage that takes longer than it may is ended, whatever it is doing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.ground.ports import Facts, OutputDataset
from sightline.ground.settings import StageSettings
from sightline.stage.command import parse, run
from sightline.stage.time_limit import duration

STAGE = '''
import re, sys, time
from sightline.stage.command import run
from sightline.ground.ports import Facts, OutputDataset
from sightline.ground.settings import StageSettings

class DawdleSettings(StageSettings):
    """How to dawdle."""
    how: str = "sleep"
    """Asleep, in a system call, or in code that lets no other thread run."""

def dawdle(*, made: OutputDataset, settings: DawdleSettings) -> Facts:
    """Dawdle."""
    made.write_text("half")
    if settings.how == "sleep":
        time.sleep(20)
    elif settings.how == "catch":
        try:
            time.sleep(20)
        except BaseException:
            time.sleep(20)
    elif settings.how == "hold":
        re.match(r"(a+)+$", "a" * 40 + "b")
    return {}

if __name__ == "__main__":
    run(dawdle)
'''


def dawdle(folder: Path, how: str, seconds: int) -> subprocess.CompletedProcess[str]:
    (folder / "dawdle.py").write_text(STAGE)
    command = [sys.executable, "-m", "dawdle", "--made", str(folder / "made"), "--how", how]
    return subprocess.run(
        [*command, "--timeout-seconds", str(seconds)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("how", ["sleep", "catch"])
def test_a_stage_that_takes_too_long_ends_with_124_and_without_outputs(
    tmp_path: Path, how: str
) -> None:
    done = dawdle(tmp_path, how, 1)

    event = json.loads(done.stderr.splitlines()[-1])
    assert done.returncode == 124
    assert event["event"] == "failed"
    assert event["stage"] == "dawdle"
    assert event["reason"] == (
        "dawdle: expected to end within 1 s (resources.dawdle.timeout); stopped. "
        "Raise it, or give the stage less to do."
    )
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
def test_code_that_lets_no_thread_run_is_ended_too(tmp_path: Path) -> None:
    done = dawdle(tmp_path, "hold", 1)

    assert done.returncode == 1
    assert "Timeout (0:00:03)!" in done.stderr
    assert not (tmp_path / "made").exists()


def test_a_stage_that_ends_in_time_is_left_alone(tmp_path: Path) -> None:
    done = dawdle(tmp_path, "not at all", 30)

    assert done.returncode == 0
    assert (tmp_path / "made").read_text() == "half"


def test_a_stage_in_a_persons_own_process_has_no_limit(tmp_path: Path) -> None:
    class NoSettings(StageSettings):
        """Nothing to set."""

    def quick(*, made: OutputDataset, settings: NoSettings) -> Facts:
        """Write at once."""
        made.write_text("whole")
        return {}

    quick.__annotations__ = {"made": OutputDataset, "settings": NoSettings}

    run(quick, ["--made", str(tmp_path / "made"), "--timeout-seconds", "1"])

    assert (tmp_path / "made").read_text() == "whole"
    assert parse(quick, ["--made", "x", "--timeout-seconds", "7"]).timeout_seconds == 7


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "5 s"), (60, "1 min"), (90, "1 min 30 s"), (7200, "2 h 0 min"), (90060, "25 h 1 min")],
)
def test_times_are_written_as_people_say_them(seconds: int, words: str) -> None:
    assert duration(seconds) == words
