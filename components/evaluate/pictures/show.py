"""The sections of the page for pictures: worst mistakes looked into, uncertain, flipped."""

from collections.abc import Sequence
from typing import Any

from components.evaluate.pictures.attribution import LARGE_ERROR
from components.evaluate.pictures.chosen import Pictures
from components.evaluate.pictures.explanations import Explanations
from components.evaluate.pictures.flips import Flip, Flips
from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems import Problem
from sightline.problems.judging import ImageCell, Mistake
from sightline.stage.formats.dataset import Example
from sightline.stage.formats.evaluation import Predictions
from sightline.stage.report.images import Opening, Thumbnail
from sightline.stage.report.links import name_of, original
from sightline.stage.report.page import Page

SIZE_PX = 128
CELL_PX = 96
COPY = 0.995
"""From which cosine on two images show the same, as far as a backbone can tell."""


def show_pictures(
    page: Page,
    pictures: Pictures,
    explanations: Explanations,
    predictions: Predictions,
    problem: Problem,
) -> None:
    """Add the sections that there is something for; each says why where there is not."""
    shown = _Shown(predictions, problem, pictures)
    _show_looked_into(page, shown, explanations)
    _show_uncertain(page, shown)
    if pictures.flips:
        _show_flips(page, shown, pictures.flips)
    page.openings([_opening(cell, shown) for cell in pictures.cells.of], size_px=CELL_PX)


class _Shown:
    """How images of the test split are shown, whatever the kind of problem."""

    def __init__(self, predictions: Predictions, problem: Problem, pictures: Pictures) -> None:
        self.pictures = pictures
        self._predictions, self._problem = predictions, problem
        self._rows = {id: row for row, id in enumerate(predictions.ids)}

    def said(self, answer: Any) -> str:
        return " ".join(filter(None, self._problem.serving.caption(answer)))

    def answers(self, rows: Sequence[int]) -> list[Any]:
        return self._problem.judging.served(self._predictions, rows)

    def row_of(self, mistake: Mistake) -> int:
        return self._rows[mistake.id]

    def thumbnails(
        self,
        rows: Sequence[int],
        answers: Sequence[Any],
        notes: Sequence[str],
        tones: Sequence[str],
    ) -> list[Thumbnail]:
        """Show test images with what the model says, a note, the truth and the file."""
        truths = self._problem.judging.truths(self._predictions, rows)
        found = []
        for row, answer, truth, note, tone in zip(rows, answers, truths, notes, tones, strict=True):
            file = self.pictures.files[self._predictions.ids[row]]
            words = [note, f"truth: {truth or 'no label'}", name_of(file.uri)]
            found.append(_thumbnail(file, self.said(answer), words, tone))
        return found

    def of_cell(self, rows: Sequence[int]) -> list[Thumbnail]:
        """Show what the model sees, with what it says, the truth and the file."""
        predictions = self._predictions
        truths = self._problem.judging.truths(predictions, rows)
        return [
            Thumbnail(
                image=self.pictures.cells.pixels[predictions.ids[row]],
                title=self.said(answer),
                text=f"truth: {truth or 'no label'} · {self.name(row)}",
                link=original(predictions.uris[row]).address,
            )
            for row, answer, truth in zip(rows, self.answers(rows), truths, strict=True)
        ]

    def name(self, row: int) -> str:
        return name_of(self._predictions.uris[row])

    def wrong(self, rows: Sequence[int], answers: Sequence[Any]) -> list[str]:
        """Return the tone of each: bad where the answer is wrong; none where that has degrees."""
        judging, predictions = self._problem.judging, self._predictions
        if judging.graded:
            return [""] * len(rows)
        errors = judging.errors(predictions, rows, answers, predictions.classes)
        return ["bad" if error else "" for error in errors]


def _opening(cell: ImageCell, shown: _Shown) -> Opening:
    """Show the first images of a cell, and name some of the others."""
    rows = shown.pictures.cells.shown.get(cell.anchor, [])
    order = "; the model was surest of the first" if cell.wrong else "; the least sure first"
    told = f"{counted(len(cell.rows), 'image')}{order if cell.rows[1:] else ''}."
    if left := cell.rows[len(rows) :]:
        told = f"{len(rows):,} of {told} The others: {shorten(list(map(shown.name, left)))}."
    return Opening(anchor=cell.anchor, title=cell.title, text=told, pictures=shown.of_cell(rows))


def _show_looked_into(page: Page, shown: _Shown, explanations: Explanations) -> None:
    mistakes, nearest = shown.pictures.looked_into, shown.pictures.nearest
    if not mistakes:
        return
    page.section(
        "The worst mistakes, looked into",
        "Where the nearest training images carry the answer as their label, look at their labels, "
        "or collect images that tell the two apart; where none looks like the mistake, nothing "
        "like it was learned.",
    )
    if not nearest.of:
        page.notice(
            "info",
            "Nearest training images were not looked for: there are no features to compare with.",
            detail=nearest.reason,
        )
    if explanations.told:
        page.text(explanations.told)
    if not nearest.of and not explanations.of:
        return
    rows = [shown.row_of(one) for one in mistakes]
    tests = shown.thumbnails(rows, shown.answers(rows), [""] * len(rows), ["bad"] * len(rows))
    page.rows(
        [
            [test, *_near(mistake, shown), *_explained(mistake, explanations)]
            for mistake, test in zip(mistakes, tests, strict=True)
        ],
        size_px=SIZE_PX,
        caption=_caption(len(mistakes), bool(nearest.of), bool(explanations.of)),
    )


def _caption(count: int, near: bool, explained: bool) -> str:
    said = f"The {counted(count, 'worst mistake')}."
    if near:
        said += (
            " Beside each, training images with their labels: the number is the cosine of the "
            f"angle between the features of both; from {COPY:g} on they may be copies."
        )
    if explained:
        said += (
            " Last, what led to the answer: lit or coloured is what speaks most for it (of several "
            "labels for the worst one, of numbers for a high one), as the mean over black, white "
            "and noise as what says nothing. The error is by how much the parts do not add up to "
            f"the answer: above {LARGE_ERROR:.0%} do not trust it."
        )
    return said


def _explained(mistake: Mistake, explanations: Explanations) -> list[Thumbnail]:
    one = explanations.of.get(mistake.id)
    if one is None:
        return []
    said = f"{one.steps} steps, error {one.error:.0%}"
    return [Thumbnail(image=one.picture, title=one.method, text=said)]


def _near(mistake: Mistake, shown: _Shown) -> list[Thumbnail]:
    found = []
    for near in shown.pictures.nearest.of.get(mistake.id, ()):
        file = shown.pictures.files[near.id]
        words = [_how_near(near.similarity), name_of(file.uri)]
        found.append(_thumbnail(file, ", ".join(file.labels) or "no label", words, ""))
    return found


def _how_near(similarity: float) -> str:
    return f"{similarity:.3f}{', perhaps a copy' if similarity >= COPY else ''}"


def _show_uncertain(page: Page, shown: _Shown) -> None:
    rows = shown.pictures.uncertain
    if rows is None:
        page.section(
            "Most uncertain", "Not shown: a model of this kind does not say how sure it is."
        )
        return
    if not rows:
        return
    page.section(
        "Most uncertain",
        "Right or wrong, the model is least sure of these. More images like them teach it most; "
        "where people cannot tell either, a label may be missing.",
    )
    answers = shown.answers(rows)
    page.thumbnails(
        shown.thumbnails(rows, answers, [""] * len(rows), shown.wrong(rows, answers)),
        size_px=SIZE_PX,
        caption="The least sure first; wrong answers are framed.",
    )


def _show_flips(page: Page, shown: _Shown, flips: Flips) -> None:
    better = "nearer to the truth" if flips.graded else "right"
    page.section(
        "Changed against the live model",
        f"Beside version {flips.version}, on the same images: only the new model is {better} on "
        f"{len(flips.gained):,}, only the live one on {len(flips.lost):,}.",
    )
    gained, lost = flips.shown(shown.pictures.most)
    for chosen, some, who, tone in (
        (gained, flips.gained, "new model", "good"),
        (lost, flips.lost, "live model", "bad"),
    ):
        if chosen:
            order = "the largest difference" if flips.graded else "the most confident mistake"
            _show_way(
                page,
                shown,
                chosen,
                tone=tone,
                told=f"Only the {who} is {better}: {len(chosen):,} of {len(some):,}, {order} "
                "first.",
            )


def _show_way(page: Page, shown: _Shown, chosen: Sequence[Flip], *, told: str, tone: str) -> None:
    page.thumbnails(
        shown.thumbnails(
            [one.row for one in chosen],
            [one.answer for one in chosen],
            [f"live: {shown.said(one.live)}" for one in chosen],
            [tone] * len(chosen),
        ),
        size_px=SIZE_PX,
        caption=told,
    )


def _thumbnail(file: Example, title: str, words: Sequence[str], tone: str) -> Thumbnail:
    return Thumbnail(
        image=file.image,
        title=title,
        text=" · ".join(filter(None, words)),
        tone=tone,
        link=original(file.uri).address,
    )
