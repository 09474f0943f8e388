"""Suspects on the page, to be decided on there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from components.label_check.survey import Survey
from components.label_check.wrong_labels.check import CHECK, CONFLICTS
from components.label_check.wrong_labels.suspects import NONE, Suspect, WrongLabels, corrections
from sightline.ground.source.corrections import Correction, as_dict
from sightline.stage.imaging.arrays import Pixels
from sightline.stage.report.decisions import Question
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.links import original
from sightline.stage.report.page import Page

LABEL_CHECKS = (CHECK, CONFLICTS)
MOST_ASKED = 100
"""About 10 kB of the page each."""
FILE = "suspects.jsonl"
DOUBTFUL = "Not doubted enough to count as wrong, but more than all others: worth a look."


def rows_asked(found: WrongLabels) -> set[int]:
    """Return the rows whose pictures help to decide."""
    return {
        row
        for one in (*found.suspects[:MOST_ASKED], *found.doubtful)
        for row in (one.row, one.alike, one.unlike)
        if row != NONE
    }


def ask(page: Page, survey: Survey, found: WrongLabels, pictures: Mapping[int, Pixels]) -> None:
    """Add the gravest suspects with pictures of what they are taken for, then the most doubtful."""
    suspects = _questions(survey, found.suspects[:MOST_ASKED], pictures)
    doubtful = _questions(survey, found.doubtful, pictures)
    if doubtful:
        doubtful[0] = replace(doubtful[0], heading=DOUBTFUL)
    page.decisions([*suspects, *doubtful], survey.classes, FILE)


def _questions(
    survey: Survey, suspects: Sequence[Suspect], pictures: Mapping[int, Pixels]
) -> list[Question]:
    asked = [one for one in suspects if one.row in pictures]
    return [
        _question(one, row, survey, pictures)
        for one, row in zip(asked, corrections(survey, asked), strict=True)
    ]


def _question(
    one: Suspect, row: Correction, survey: Survey, pictures: Mapping[int, Pixels]
) -> Question:
    near = [
        Thumbnail(
            image=pictures[number],
            title=label,
            text=f"nearest {label}",
            link=original(survey.images[number].uri).address,
        )
        for number, label in ((one.alike, row.suggested), (one.unlike, row.given))
        if number in pictures
    ]
    name = PurePosixPath(row.uri).name
    picture = Thumbnail(
        image=pictures[one.row],
        title=f"{row.given} → {row.suggested}",
        text=" · ".join(text for text in (name, row.split, row.evidence) if text),
        link=original(row.uri).address,
    )
    content = {key: value for key, value in as_dict(row).items() if value is not None}
    return Question(picture, content, row.suggested, near=near)
