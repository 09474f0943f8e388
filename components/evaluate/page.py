"""The report of an evaluation: the decision first, then the figures, then the pictures."""

from collections.abc import Sequence
from typing import Any

from components.evaluate.again import show_again
from components.evaluate.decision import decision_of
from components.evaluate.mistake_list import Row
from components.evaluate.own_metrics.page import show_own_metrics
from components.evaluate.robustness.page import show_robustness
from sightline.ground.outcome import MISTAKES_FILE
from sightline.ground.wording import counted
from sightline.problems._pages.cells import rounded
from sightline.problems.judging import Judging, Mistake
from sightline.problems.wording import classes, joined
from sightline.stage.formats.decision import FILE as DECISION_FILE
from sightline.stage.formats.decision import DecisionInfo
from sightline.stage.formats.evaluation import Check, EvaluationInfo
from sightline.stage.report.links import original
from sightline.stage.report.page import Cell, Page, format_cell

MOST_LISTED = 200
MET = {
    "better_than_champion": "every rule is met, and it is better than the live model",
    "equal_deployed": "every rule is met, and it is no worse than the live model as far as these "
    "images can tell",
}
"""By what led to the decision."""


def build_page(
    info: EvaluationInfo,
    judging: Judging[Any],
    mistakes: Sequence[Mistake],
    listed: Sequence[Row] = (),
) -> Page:
    """Lay the evaluation out for a person who must trust or doubt the decision."""
    said = joined(counted(info.num_images, "test image"), classes(len(info.classes)))
    page = Page(title="evaluate", subtitle=said)
    page.summary({"decision": info.decision, **_own_headline(info), **judging.summary(info)})
    _show_decision(page, decision_of(info))
    _show_remarks(page, info)
    show_own_metrics(page, info)
    judging.show(page, info, mistakes)
    show_again(page, info)
    show_robustness(page, info)
    _show_list(page, listed)
    return page


def _own_headline(info: EvaluationInfo) -> dict[str, Cell]:
    """Return the figure of a package that stands for the model, if one does."""
    own = {one.name for one in info.own_metrics}
    return {one.label: rounded(one.value) for one in info.headline[:1] if one.name in own}


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


def _show_decision(page: Page, decided: DecisionInfo) -> None:
    failed = [rule for rule in decided.rules if rule.outcome == "failed"]
    for rule in failed:
        page.notice("error", f"Hold: {rule.name}.", detail=rule.reason, told=False)
    if not failed:
        text = f"Deploy: {MET.get(decided.code, 'every required condition is met')}."
        page.notice("good", text, detail=_doubts(decided))
    for rule in decided.rules:
        if rule.outcome == "not judged":
            page.notice("warning", f"Not judged: {rule.name}.", detail=rule.reason)
    page.table(
        ["rule", "outcome", "required", "received", "certain", "reason"],
        [_check_row(rule) for rule in decided.rules],
        caption="'certain' says whether the interval lies wholly on one side of what is required; "
        "champion and parts fail beyond chance only. "
        f"{DECISION_FILE} of the evaluation has all of this for programs.",
    )


def _doubts(decided: DecisionInfo) -> str:
    open_ = [rule.name for rule in decided.rules if rule.certain is False]
    if not open_:
        return ""
    return f"More test images would be needed to be certain of: {', '.join(open_)}."


def _show_remarks(page: Page, info: EvaluationInfo) -> None:
    for warning in info.warnings:
        page.notice("warning", warning)
    for note in info.notes:
        page.notice("info", note)


def _check_row(check: Check) -> list[Cell]:
    # Each rule has a unit of its own: decimals are not aligned.
    return [
        check.name,
        check.outcome,
        format_cell(rounded(check.required)),
        format_cell(rounded(check.received)),
        check.certain,
        check.reason,
    ]
