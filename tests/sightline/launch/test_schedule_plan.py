from datetime import UTC, datetime
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.launch.schedule_plan import SchedulePlan, Wishes, describe_plan, plan_schedule
from tests.sightline.commands.clusters import write_project

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_project(tmp_path, kubeflow=NOWHERE, vertex=NOWHERE)


def plan(file: Path, target: str | None = None, **changes: object) -> SchedulePlan:
    values = {"name": "nightly", "cron": "30 2 * * *", "time_zone": "UTC"} | changes
    return plan_schedule(file, target, Wishes(**values), (), now=NOW)  # type: ignore[arg-type]


def described(file: Path, target: str | None = None, **changes: object) -> str:
    return "\n".join(describe_plan(plan(file, target, **changes)))


def test_what_is_described_is_what_the_schedule_then_shows(file: Path) -> None:
    wanted = plan(file, start=datetime(2040, 1, 1, 2, 30), end=datetime(2040, 1, 2))

    text = "\n".join(describe_plan(wanted))
    created = wanted.engine.create_schedule(wanted.request, wanted.package)

    shown = [f"  {moment:%a %Y-%m-%d %H:%M %Z}" for moment in created.next_runs]
    assert shown == ["  Sun 2040-01-01 02:30 UTC", "  Mon 2040-01-02 02:30 UTC"]
    assert [line for line in text.splitlines() if line.startswith("  ")] == shown
    assert "It ends at 2040-01-02 23:59 UTC." in text
    assert "left out: " not in text


def test_a_clock_change_after_the_end_is_none_of_the_users_business(file: Path) -> None:
    text = described(file, time_zone="Europe/Berlin", end=datetime(2027, 3, 27))

    assert "02:30 does not exist" not in text
    assert "02:30 does not exist" in described(
        file, time_zone="Europe/Berlin", end=datetime(2027, 3, 28)
    )


@pytest.mark.parametrize(("target", "title"), [("cluster", "Kubeflow"), ("cloud", "Vertex AI")])
def test_a_run_at_exactly_the_start_that_a_cluster_leaves_out_is_said(
    file: Path, target: str, title: str
) -> None:
    text = described(file, target, start=datetime(2040, 1, 1, 2, 30))

    assert "2040-01-01 02:30" not in text
    assert "  Mon 2040-01-02 02:30 UTC" in text
    assert f"{title} begins after the start: a run at exactly that moment is left out." in text


@pytest.mark.parametrize(
    ("target", "changes", "message"),
    [
        (None, {"end": datetime(2020, 1, 5)}, r"still to come; received 2020-01-05 23:59 UTC"),
        (
            None,
            {"cron": "0 0 29 2 *", "end": datetime(2027, 12, 31)},
            r"between now and 2027-12-31 23:59 UTC; `0 0 29 2 \*` in UTC has none there",
        ),
        (
            "cluster",
            {"start": datetime(2027, 1, 1, 2, 30), "end": datetime(2027, 1, 2, 2, 0)},
            r"a run between 2027-01-01 02:30 and 2027-01-02 02:00 UTC",
        ),
        (None, {"max_concurrent": 3}, "one run at a time on this machine; received 3"),
        (None, {"name": "../x"}, "letters, digits"),
        ("cluster", {"max_concurrent": 11}, "at most 10 concurrent runs"),
        ("cluster", {"name": "x" * 129}, "expected 1 to 128 characters"),
        ("cloud", {"name": "x" * 129}, "expected a name of 1 to 64 characters"),
    ],
)
def test_what_the_target_would_refuse_is_refused_before_anything_is_described(
    file: Path, target: str | None, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plan(file, target, **changes)
