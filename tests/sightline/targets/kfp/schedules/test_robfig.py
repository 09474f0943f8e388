import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sightline.schedules.cron import Cron
from sightline.targets.kfp.schedules.controller_zone import six_fields
from sightline.targets.kfp.schedules.robfig import next_kubeflow_fire

ANSWERS = Path(__file__).with_name("kubeflow_fires.jsonl")


def test_fires_are_those_of_the_library_that_kubeflow_uses() -> None:
    lines = ANSWERS.read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]  # kubeflow_fires.go wrote the answers

    wrong = [case for case in cases if _fires(case) != case["fires"]]

    assert wrong == []
    assert sum(len(case["fires"]) for case in cases) == 1440


def test_kubeflow_is_sent_what_its_library_was_asked() -> None:
    for line in ANSWERS.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)

        assert six_fields(Cron.parse(case["cron"])) == case["sent"]


def test_a_search_ends_after_five_years() -> None:
    leap_day_on_a_weekend = Cron.parse("0 0 29 2 */6")

    fire = next_kubeflow_fire(
        leap_day_on_a_weekend, ZoneInfo("UTC"), datetime(2032, 3, 1, tzinfo=UTC)
    )

    assert fire is None


def _fires(case: dict[str, str]) -> list[str]:
    cron, zone = Cron.parse(case["cron"]), ZoneInfo(case["zone"])
    moment: datetime | None = datetime.fromisoformat(case["start"])
    found: list[str] = []
    for _ in case["fires"]:
        assert moment is not None
        moment = next_kubeflow_fire(cron, zone, moment)
        found.append(f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "none")
    return found
