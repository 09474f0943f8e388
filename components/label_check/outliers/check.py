"""What is told about images that lie far from all others."""

from collections.abc import Collection, Sequence

import numpy as np

from components.label_check.measurement import Measurement, Scores
from components.label_check.outliers.distance import FeaturesOf, Floats, Remoteness, remoteness
from components.label_check.shortcuts.properties import brightness, contrast, share
from components.label_check.survey import Survey
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import images, verb

FEWEST_IMAGES = 50
FURTHEST = 3.7
"""1 in 10,000 images if distances were lognormal; of 1,000 honest photos of flowers, none."""
FURTHEST_OF_CLASS = 2.0
"""Below, an image is as its class is: a rare class may lie far from the others as a whole."""
NO_FEATURES = (
    "There are no features of a backbone, so only light, colours, sharpness and shape were "
    "looked at."
)


def check_outliers(
    survey: Survey, features: FeaturesOf | None, left_out: Collection[int]
) -> list[Outcome]:
    """Report images that are unlike all others and unlike their own class.

    `features` give what a backbone sees in the images of some rows; without them the check works
    in a weaker form, and says so. `left_out` are rows not to look at.
    """
    names = {name: place for place, name in enumerate(survey.classes)}
    seen = [one for one in survey.scored if one[0].labels and one[0].row not in left_out]
    weaker = [] if features else [Outcome("outliers_by_content", not_run=NotRun(NO_FEATURES))]
    if len(seen) < FEWEST_IMAGES:
        reason = f"{images(len(seen))} say little about what is usual; {FEWEST_IMAGES} are needed."
        return [Outcome("outliers", not_run=NotRun(reason)), *weaker]
    # Neither the order of reading nor names decide which images are compared with.
    seen.sort(key=lambda one: one[1].pixel_hash)
    rows = [image.row for image, _ in seen]
    found = remoteness(
        features or _appearance(seen),
        rows,
        np.array([names[image.labels[0]] for image, _ in seen]),
    )
    return [Outcome("outliers", _describe(found, rows, by_content=features is not None)), *weaker]


def _describe(found: Remoteness, rows: Sequence[int], *, by_content: bool) -> Finding | None:
    far = np.flatnonzero((found.of_all > FURTHEST) & (found.of_class > FURTHEST_OF_CLASS))
    if not len(far):
        return None
    far = far[np.argsort(-found.of_all[far], kind="stable")]
    seen = "in what they show" if by_content else "in light, colours, sharpness or shape"
    return Finding(
        severity="info",
        title=f"{images(len(far))} {verb(len(far), 'lies', 'lie')} far from all others {seen}.",
        remedy="Look whether they belong to this dataset: what shows something else is best taken "
        "out of the source; of what the model will meet, collect more.",
        rows=tuple(rows[place] for place in far.tolist()),
        notes=tuple(f"{found.times_usual[place]:.1f} times the usual" for place in far.tolist()),
    )


def _appearance(seen: Sequence[tuple[Measurement, Scores]]) -> FeaturesOf:
    known = {image.row: _looks(scores) for image, scores in seen}

    def of(rows: Sequence[int]) -> Floats:
        return np.array([known[row] for row in rows])

    return of


def _looks(scores: Scores) -> tuple[float, ...]:
    return (
        brightness(scores),
        contrast(scores),
        scores.darkness,
        scores.lightness,
        scores.sharpness,
        scores.information,
        share(scores, 0),
        share(scores, 2),
        float(np.log(scores.size_px)),
        float(np.log(scores.width / scores.height)),
    )
