"""The report of an evaluation: the decision first, then the figures, then the pictures."""

from collections.abc import Sequence
from typing import Any

from sightline.problems.cells import rounded
from sightline.problems.judging import Judging, Mistake
from sightline.stage.formats.evaluation import Check, EvaluationInfo
from sightline.stage.report.page import Cell, Page


def build_page(info: EvaluationInfo, judging: Judging[Any], mistakes: Sequence[Mistake]) -> Page:
    """Lay the evaluation out for a person who must trust or doubt the decision."""
    classes = _count(len(info.classes), "class", "classes")
    page = Page(
        title="evaluate",
        subtitle=f"{_count(info.num_images, 'test image', 'test images')}, {classes}",
    )
    page.summary({"decision": info.decision, **judging.summary(info)})
    _show_decision(page, info)
    judging.show(page, info, mistakes)
    return page


def _show_decision(page: Page, info: EvaluationInfo) -> None:
    failed = [check for check in info.checks if check.outcome == "failed"]
    if failed:
        for check in failed:
            page.notice("error", f"Hold: {check.name}.", detail=check.reason)
    else:
        page.notice("good", "Deploy: every required condition is met.", detail=_doubts(info))
    for check in info.checks:
        if check.outcome == "not judged":
            page.notice("warning", f"Not judged: {check.name}.", detail=check.reason)
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
    outcome = check.outcome if check.required is not None else "not required"
    return [
        check.name,
        outcome,
        rounded(check.required),
        rounded(check.received),
        check.certain,
        check.reason,
    ]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
