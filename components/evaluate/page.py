"""The report of an evaluation: the decision first, then the figures, then the pictures."""

from collections.abc import Sequence
from typing import Any

from components.evaluate.again import show_again
from components.evaluate.mistake_list import Row
from sightline.ground.outcome import MISTAKES_FILE
from sightline.ground.wording import counted
from sightline.problems._pages.cells import rounded
from sightline.problems.judging import Judging, Mistake
from sightline.problems.wording import classes, joined
from sightline.stage.formats.evaluation import Check, EvaluationInfo
from sightline.stage.report.links import original
from sightline.stage.report.page import Cell, Page

MOST_LISTED = 200


def build_page(
    info: EvaluationInfo,
    judging: Judging[Any],
    mistakes: Sequence[Mistake],
    listed: Sequence[Row] = (),
) -> Page:
    """Lay the evaluation out for a person who must trust or doubt the decision."""
    said = joined(counted(info.num_images, "test image"), classes(len(info.classes)))
    page = Page(title="evaluate", subtitle=said)
    page.summary({"decision": info.decision, **judging.summary(info)})
    _show_decision(page, info)
    judging.show(page, info, mistakes)
    show_again(page, info)
    _show_list(page, listed)
    return page


def _show_list(page: Page, listed: Sequence[Row]) -> None:
    if not listed:
        return
    page.section("Mistakes by file", "The worst first. A file of this machine opens from its name.")
    names = [name for name in listed[0] if name not in ("file", "id")]
    rows = listed[:MOST_LISTED]
    page.table(
        ["file", *(name.replace("_", " ") for name in names)],
        [[original(str(row["file"])), *(row[name] for name in names)] for row in rows],
        caption=f"{len(rows):,} of {len(listed):,}; {MISTAKES_FILE} of the evaluation has all.",
    )


def _show_decision(page: Page, info: EvaluationInfo) -> None:
    failed = [check for check in info.checks if check.outcome == "failed"]
    if failed:
        for check in failed:
            page.notice("error", f"Hold: {check.name}.", detail=check.reason, told=False)
    else:
        page.notice("good", "Deploy: every required condition is met.", detail=_doubts(info))
    for check in info.checks:
        if check.outcome == "not judged":
            page.notice("warning", f"Not judged: {check.name}.", detail=check.reason)
    for warning in info.warnings:
        page.notice("warning", warning)
    for note in info.notes:
        page.notice("info", note)
    page.table(
        ["condition", "outcome", "required", "received", "certain", "reason"],
        [_check_row(check) for check in info.checks],
        caption="'certain' says whether the interval lies wholly on one side of what is required.",
    )


def _doubts(info: EvaluationInfo) -> str:
    open_ = [check.name for check in info.checks if check.certain is False]
    if not open_:
        return ""
    return f"More test images would be needed to be certain of: {', '.join(open_)}."


def _check_row(check: Check) -> list[Cell]:
    return [
        check.name,
        check.outcome,
        rounded(check.required),
        rounded(check.received),
        check.certain,
        check.reason,
    ]
