"""The report of label_check: what was found, with pictures, and what the dataset looks like."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np

from components.label_check.collection.section import add_collection
from components.label_check.collection.study import Study
from components.label_check.findings import by_severity, count_severities
from components.label_check.survey import Survey
from components.label_check.wrong_labels.check import how
from components.label_check.wrong_labels.questions import LABEL_CHECKS, ask, rows_asked
from components.label_check.wrong_labels.suspects import WrongLabels
from sightline.problems.findings import Finding, Outcome
from sightline.problems.wording import classes, images, joined
from sightline.stage.imaging.arrays import Pixels
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.links import original
from sightline.stage.report.page import Cell, Page

SIZE_BINS = 10
MOST_NAMED = 12
MOST_PAIRS = 100


def rows_shown(outcomes: Iterable[Outcome], max_thumbnails: int, doubts: WrongLabels) -> set[int]:
    """Return the rows whose pictures the report shows."""
    return rows_asked(doubts) | {
        row
        for check, finding in by_severity(outcomes)
        if check not in LABEL_CHECKS
        for row in finding.rows[:max_thumbnails]
    }


def write_page(
    path: Path,
    survey: Survey,
    outcomes: Sequence[Outcome],
    removed: dict[int, str],
    pictures: dict[int, Pixels],
    max_thumbnails: int,
    *,
    doubts: WrongLabels,
    study: Study | None = None,
) -> None:
    """Write the report; `pictures` are those in `rows_shown`, small."""
    page = Page(
        title="label check",
        subtitle=joined(images(len(survey.images)), classes(len(survey.classes))),
    )
    _add_summary(page, survey, outcomes, removed)
    _add_findings(page, survey, outcomes, pictures, max_thumbnails, doubts)
    _add_clean(page, outcomes)
    _add_checks_not_run(page, outcomes)
    add_collection(page, study)
    if survey.classes:
        _add_classes(page, survey)
    survey.problem.targets.show(page, [image.target for image in survey.images])
    _add_sizes(page, survey)
    _add_colours(page, survey)
    page.write(path)


def _add_summary(
    page: Page, survey: Survey, outcomes: Sequence[Outcome], removed: dict[int, str]
) -> None:
    counts = count_severities(outcomes)
    page.summary(
        {
            "images": len(survey.images),
            **({"classes": len(survey.classes)} if survey.classes else {}),
            "errors": counts["error"],
            "warnings": counts["warning"],
            "infos": counts["info"],
            "left out": len(removed),
        }
    )


def _add_findings(
    page: Page,
    survey: Survey,
    outcomes: Sequence[Outcome],
    pictures: dict[int, Pixels],
    max_thumbnails: int,
    doubts: WrongLabels,
) -> None:
    found = by_severity(outcomes)
    num_run = sum(outcome.not_run is None for outcome in outcomes)
    page.section("Findings", f"{num_run} checks ran; errors first.")
    if not found:
        page.notice("good", "Nothing was found that a training run would suffer from.")
    for check, finding in found:
        page.notice(finding.severity, finding.title, detail=finding.remedy)
        if check == "unreadable_images":
            _add_unreadable(page, survey, finding)
        elif check in LABEL_CHECKS:
            ask(page, survey, doubts, pictures)
        else:
            _add_pictures(page, survey, finding, pictures, max_thumbnails)
    if doubts.doubtful and not doubts.suspects:
        page.notice(
            "info", "No label looks wrong; these are the most doubtful.", detail=how(doubts)
        )
        ask(page, survey, doubts, pictures)


def _add_unreadable(page: Page, survey: Survey, finding: Finding) -> None:
    rows = [[survey.images[row].uri, survey.images[row].problem] for row in finding.rows]
    page.table(["image", "reason"], rows[:MOST_NAMED], caption=_rest(len(rows), MOST_NAMED))


def _add_pictures(
    page: Page, survey: Survey, finding: Finding, pictures: dict[int, Pixels], max_thumbnails: int
) -> None:
    notes = finding.notes or ("",) * len(finding.rows)
    shown = list(zip(finding.rows, notes, strict=True))[:max_thumbnails]
    thumbnails = [
        _thumbnail_of(survey, row, note, pictures[row])
        for row, note in shown
        if survey.images[row].scores is not None
    ]
    if finding.paired:
        _add_pairs(page, survey, finding, thumbnails)
    elif thumbnails:
        page.thumbnails(thumbnails, caption=_rest(len(finding.rows), len(thumbnails)))


def _add_pairs(
    page: Page, survey: Survey, finding: Finding, thumbnails: Sequence[Thumbnail]
) -> None:
    """Show two pictures a line, and name all pairs."""
    for first in range(0, len(thumbnails) - 1, 2):
        page.thumbnails(thumbnails[first : first + 2])
    images = [survey.images[row] for row in finding.rows]
    rows: list[list[Cell]] = [
        [
            one.uri,
            one.split or "",
            survey.title(one),
            other.uri,
            other.split or "",
            survey.title(other),
        ]
        for one, other in zip(images[::2], images[1::2], strict=True)
    ]
    columns = ["image", "split", "label", "other image", "its split", "its label"]
    page.table(columns, rows[:MOST_PAIRS], caption=_rest(len(rows), MOST_PAIRS))


def _thumbnail_of(survey: Survey, row: int, note: str, picture: Pixels) -> Thumbnail:
    image = survey.images[row]
    text = " · ".join(part for part in (note, PurePosixPath(image.uri).name) if part)
    return Thumbnail(
        image=picture,
        title=survey.title(image),
        text=text,
        link=original(image.uri).address,
    )


def _rest(total: int, shown: int) -> str:
    return f"and {total - shown:,} more; findings.json names them" if total > shown else ""


def _add_clean(page: Page, outcomes: Sequence[Outcome]) -> None:
    clean = [o.check.replace("_", " ") for o in outcomes if not o.finding and not o.not_run]
    if clean:
        page.section("Checked, nothing found", f"{', '.join(clean)}.")


def _add_checks_not_run(page: Page, outcomes: Sequence[Outcome]) -> None:
    missing = [
        (o.check.replace("_", " "), o.not_run.reason) for o in outcomes if o.not_run is not None
    ]
    if missing:
        page.section("Checks that could not run", "They say nothing about this dataset.")
        page.table(["check", "reason"], missing)


def _add_classes(page: Page, survey: Survey) -> None:
    page.section("Classes", "Images per class as they came in, before any was left out.")
    splits = survey.splits if survey.splits != [None] else []
    rows: list[list[Cell]] = [
        [
            name,
            survey.class_counts[name],
            *(survey.split_counts[name, split] for split in splits),
        ]
        for name in survey.classes
    ]
    columns = ["class", "images", *(split or "no split" for split in splits)]
    page.table(columns, rows, bars=["images"])


def _add_sizes(page: Page, survey: Survey) -> None:
    if not survey.scored:
        return
    page.section("Sizes", "Upright, in pixels. A side is the square root of the area.")
    measures = {
        "width": [float(scores.width) for _, scores in survey.scored],
        "height": [float(scores.height) for _, scores in survey.scored],
        "side": [scores.size_px for _, scores in survey.scored],
        "short side / long side": [scores.squareness for _, scores in survey.scored],
    }
    page.table(
        ["", "smallest", "5 %", "median", "95 %", "largest"],
        [[name, *_percentiles(values)] for name, values in measures.items()],
    )
    counts, edges = np.histogram(measures["side"], bins=SIZE_BINS)
    ranges = [f"{low:,.0f} to {high:,.0f}" for low, high in pairwise(edges)]
    if measures["side"].count(measures["side"][0]) < len(measures["side"]):
        page.table(
            ["side", "images"],
            [[name, int(count)] for name, count in zip(ranges, counts, strict=True)],
            bars=["images"],
        )


def _percentiles(values: Sequence[float]) -> list[Cell]:
    return [round(float(value), 2) for value in np.percentile(values, [0, 5, 50, 95, 100])]


def _add_colours(page: Page, survey: Survey) -> None:
    means, deviations = survey.channel_statistics()
    if means:
        page.section("Colours", "Mean and standard deviation per channel, 0 to 255.")
        page.table(
            ["channel", "mean", "standard deviation"],
            [list(row) for row in zip(["red", "green", "blue"], means, deviations, strict=True)],
        )
