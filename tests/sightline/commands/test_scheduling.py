"""The schedules of this machine, as a user types them."""

import json
from pathlib import Path

import pytest

from tests.sightline.command_line import sightline


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")


def create() -> str:
    """Create a schedule and return what was printed."""
    ended = sightline(
        "schedule", "create", "nightly", "--cron", "30 2 * * *", "--time-zone", "Europe/Berlin"
    )
    assert ended.code == 0, ended.err
    return ended.out


def test_a_schedule_says_what_keeps_it_running_until_something_does() -> None:
    created, listed = create(), sightline("schedule", "list").out

    assert "It runs while this does:  sightline schedule start" in created
    assert "30 2 * * *" in listed
    assert "Nothing runs these now. Start:  sightline schedule start" in listed


def test_a_list_without_active_schedules_asks_for_nothing() -> None:
    empty = sightline("schedule", "list").out
    create()
    sightline("schedule", "pause", "nightly")

    assert "Nothing runs" not in empty + sightline("schedule", "list").out


def test_a_deleted_schedule_is_gone() -> None:
    create()

    shown = json.loads(sightline("schedule", "show", "nightly", "--json").out)
    deleted = sightline("schedule", "delete", "nightly")

    assert shown["state"] == "active"
    assert deleted.code == 0
    assert sightline("schedule", "show", "nightly").code == 2
