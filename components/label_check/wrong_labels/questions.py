"""Suspects on the page, to be decided on there."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from components.label_check.survey import Survey
from components.label_check.wrong_labels.check import CHECK, CONFLICTS
from components.label_check.wrong_labels.suspects import WrongLabels, corrections
from sightline.ground.source.corrections import COLUMNS, Correction
from sightline.stage.imaging.arrays import decode
from sightline.stage.report.decisions import Question
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.links import original
from sightline.stage.report.page import Page

LABEL_CHECKS = (CHECK, CONFLICTS)
MOST_ASKED = 100
"""About 4 kB of the page each."""
FILE = "suspects.jsonl"


def ask(page: Page, survey: Survey, found: WrongLabels, pictures: Mapping[int, bytes]) -> None:
    """Add the gravest suspects with their pictures, the labels in question and the evidence."""
    asked = [one for one in found.suspects if one.row in pictures][:MOST_ASKED]
    rows = corrections(survey, asked)
    questions = [
        _question(row, pictures[suspect.row], survey)
        for suspect, row in zip(asked, rows, strict=True)
    ]
    page.decisions(questions, survey.classes, FILE)


def _question(row: Correction, data: bytes, survey: Survey) -> Question:
    name = PurePosixPath(row.uri).name
    picture = Thumbnail(
        image=decode(data, value_range=survey.info.value_range),
        title=f"{row.given} → {row.suggested}",
        text=" · ".join(text for text in (name, row.split, row.evidence) if text),
        link=original(row.uri).address,
    )
    content = {name: getattr(row, name) for name in COLUMNS}
    return Question(picture, content, row.suggested)
