"""What is told about what to collect next."""

import numpy as np

from components.label_check.collection.study import ClassStudy, Study
from components.label_check.collection.weak_slices import WeakSlice, weak_slices
from components.label_check.survey import Survey
from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import images, verb
from sightline.stage.formats.evaluation import Figure

CHECKS = ("more_images", "weak_classes", "weak_slices")
NO_STUDY = "Nothing says how well classes can be told: no model was made on features of a backbone."
SMALLEST_GAIN = 0.005
SMALLEST_LOSS = 0.05
CHANCE = 0.05


def check_collection(survey: Survey, found: Study | None) -> list[Outcome]:
    """Report what more images would bring, of which classes and of which parts.

    `found` is None where there is no study.
    """
    if found is None:
        return [Outcome(name, not_run=NotRun(NO_STUDY)) for name in CHECKS]
    by_row = {image.row: (image, scores) for image, scores in survey.scored}
    seen = [by_row[row] for row in found.rows]
    parts = weak_slices(seen, found.labels, found.wrong, survey.info.slices)
    return [
        Outcome("more_images", _more_images(found)),
        Outcome("weak_classes", _weak_classes(survey, found)),
        Outcome("weak_slices", _weak_slices(parts)),
    ]


def points(figure: Figure) -> str:
    """Write a gain in points of a hundred, with its interval."""
    value, low, high = (100 * (number or 0) for number in (figure.value, figure.low, figure.high))
    return f"{value:.1f} points ({low:.1f} to {high:.1f})"


def weak_of(found: Study) -> list[ClassStudy]:
    """Return the classes that are told worse than all together, not by chance, worst first."""
    overall = float(1 - found.wrong.mean())
    limit = CHANCE / max(len(found.classes), 1)
    return [
        one
        for one in found.classes
        if (one.known.value or 0) < overall - SMALLEST_LOSS
        and _at_most(round((one.known.value or 0) * one.num_images), one.num_images, overall)
        < limit
    ]


def _more_images(found: Study) -> Finding | None:
    if (found.gain.low or 0) <= 0 or (found.gain.value or 0) < SMALLEST_GAIN:
        return None
    first = found.classes[: max(1, min(3, len(found.classes) // 2))]
    wanted = shorten([f"{one.name} ({one.known.value:.0%} told)" for one in first])
    sample = (
        f" Measured on {images(len(found.rows))} of {found.num_images:,}."
        if len(found.rows) < found.num_images
        else ""
    )
    return Finding(
        severity="info",
        title=f"Twice as many images would bring about {points(found.gain)} of accuracy to a model "
        "on a frozen backbone.",
        remedy=f"Collect first what is told worst: {wanted}.{sample}",
        classes=tuple(one.name for one in first),
    )


def _weak_classes(survey: Survey, found: Study) -> Finding | None:
    weak = weak_of(found)
    if not weak:
        return None
    described = [
        f"{one.name} ({one.known.value:.0%} of {one.num_images:,}"
        + (f", taken for {one.taken_for})" if one.taken_for else ")")
        for one in weak
    ]
    names = {one.name for one in weak}
    wrong = np.flatnonzero(found.wrong).tolist()
    rows = tuple(
        found.rows[at] for at in wrong if names & set(survey.images[found.rows[at]].labels)
    )
    return Finding(
        severity="info",
        title=f"{counted(len(weak), 'class is', 'classes are')} told worse than all together "
        f"({1 - found.wrong.mean():.0%}): {shorten(described)}.",
        remedy="Collect more images of these classes and of those that they are taken for, and "
        "look whether a person tells them apart.",
        rows=rows,
        classes=tuple(one.name for one in weak),
    )


def _weak_slices(parts: list[WeakSlice]) -> Finding | None:
    if not parts:
        return None
    described = [f"{one.name}: {one.accuracy:.0%} against {one.expected:.0%}" for one in parts]
    return Finding(
        severity="warning",
        title=f"{counted(len(parts), 'part')} of the images {verb(len(parts), 'is', 'are')} told "
        f"worse than their classes explain: {shorten(described)}.",
        remedy="Collect more images like these if the model will meet them, and look whether their "
        "labels are right. evaluate shows accuracy by column.",
        rows=tuple(dict.fromkeys(row for one in parts for row in one.rows)),
    )


def _at_most(hits: int, trials: int, share: float) -> float:
    """Return the chance of so few hits (binomial)."""
    from scipy.stats import binom

    return float(binom.cdf(hits, trials, share))
