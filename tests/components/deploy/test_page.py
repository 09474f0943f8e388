"""Every cell of deploy's page says what the record says, where there is something and where not."""

import re
from pathlib import Path
from typing import Any

import pytest

from components.deploy.page import write_report

NOTHING: dict[str, Any] = {
    **{"model_name": None, "folder": "models", "target": "local", "version": 0, "replaced": None},
    **{"smoke_requests": 0, "smoke_max_difference": None, "smoke_engine": None, "live_since": None},
    **{"model_sha256": None, "bundle_digest": None, "damaged": [], "removed": []},
    **{"earlier_versions": [], "held_back": "", "changed": False, "dry_run": False},
    **{"steps": [], "canary": None, "details": {}},
    **{"serve_command": "sightline serve models", "rollback_command": "sightline rollback models"},
}
ALL: dict[str, Any] = {
    **NOTHING,
    **{"model_name": "flowers", "version": 7, "replaced": 6, "changed": True},
    **{"smoke_requests": 8, "smoke_max_difference": 0.00025, "smoke_engine": "litert"},
    **{"live_since": "2026-11-27T08:30:00+00:00", "model_sha256": "0123456789abcdef"},
    **{"bundle_digest": "fedcba9876543210", "damaged": [5, 4], "removed": [2, 1]},
    "earlier_versions": [6, 3],
}


def cells(page: str) -> dict[str, str]:
    """What stands beside each name, in the summary and the table."""
    name, value = r"<(?:dt|td)[^>]*>([^<]*)</(?:dt|td)>", r"<(?:dd|td)[^>]*>([^<]*)</(?:dd|td)>"
    return dict(re.findall(name + value, page))


def written(folder: Path, record: dict[str, Any]) -> str:
    write_report(folder / "report.html", record)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            NOTHING,
            {
                "live version": "none",
                "replaced": "none",
                "golden requests": "not asked again",
                "largest difference": "not measured again",
                "target": "local",
                "golden requests answered by": "nobody: they were not asked again",
                "live since": "–",
                "model": "",
                "bundle": "",
                "damaged, set aside": "none",
                "versions removed": "none",
            },
        ),
        (
            ALL,
            {
                "live version": "7",
                "replaced": "6",
                "golden requests": "8",
                "largest difference": "0.000250",
                "target": "local",
                "golden requests answered by": "LiteRT float",
                "live since": "2026-11-27 08:30 UTC",
                "model": "0123456789ab",
                "bundle": "fedcba987654",
                "damaged, set aside": "5, 4",
                "versions removed": "2, 1",
            },
        ),
    ],
    ids=["nothing", "all"],
)
def test_a_cell_says_what_the_record_says(
    tmp_path: Path, record: dict[str, Any], expected: dict[str, str]
) -> None:
    assert cells(written(tmp_path, record)) == expected


def test_damage_and_the_way_back_are_told_where_there_are_any(tmp_path: Path) -> None:
    with_all, without = written(tmp_path, ALL), written(tmp_path, NOTHING)

    assert "Version 7 repeated all golden answers and is live." in with_all
    assert "Damaged versions were set aside: 5, 4." in with_all
    assert "Version 6 becomes live again" in with_all
    assert "sightline rollback models" in with_all
    assert "flowers, models" in with_all
    assert "Damaged versions" not in without
    assert "sightline rollback" not in without
    assert "no model, models" in without


STEP = {"time": "2026-11-27T08:30:00+00:00", "share": 0.1}
CANARY = {
    "live": {"requests": 180, "errors": 1, "seconds": 0.012},
    "challenger": {"requests": 20, "errors": 9, "seconds": None},
    "compared": 20,
    "agreed": 3,
    "problem": "",
}


def test_each_step_and_both_versions_are_shown(tmp_path: Path) -> None:
    steps = [{**STEP, "step": "traffic", "result": "done", "text": "Version 7 gets 10 %."}]

    page = written(tmp_path, {**ALL, "steps": steps, "canary": CANARY, "details": {"zone": "b"}})

    assert "What happened" in page
    assert "Version 7 gets 10 %." in page
    assert "3 of 20 images that both were asked about got the same answer" in page
    assert "12 ms" in page
    assert "not measured" in page
    assert cells(page)["zone"] == "b"


def test_a_dry_run_says_what_would_be_done(tmp_path: Path) -> None:
    page = written(tmp_path, {**NOTHING, "dry_run": True, "held_back": "This was a dry run."})

    assert "What would be done" in page
    assert "Nothing was changed: this was a dry run." in page
