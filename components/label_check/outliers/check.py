"""What is told about images that lie far from all others."""

from collections.abc import Collection, Sequence

import numpy as np

from components.label_check.outliers.distance import FeaturesOf, Remoteness, Whitening, remoteness
from components.label_check.survey import Survey
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import images, verb

FEWEST_IMAGES = 50
FURTHEST = 3.7
"""1 in 10,000 images if distances were lognormal; of 1,000 honest photos of flowers, none."""
FURTHEST_OF_CLASS = 2.0
"""Below, an image is as its class is: a rare class may lie far from the others as a whole."""
NO_CLASS = -1
"""Of images without a label: together they are as a class of their own."""
NO_FEATURES = (
    "There are no features of a backbone. Light, colours, sharpness and shape alone call honest "
    "images strange; the checks of appearance look at each of them."
)


def check_outliers(
    survey: Survey,
    features: FeaturesOf | None,
    left_out: Collection[int],
    known: Whitening | None = None,
) -> list[Outcome]:
    """Report images that are unlike all others and unlike their own class, if they have one.

    `features` give what a backbone sees in the images of some rows; without them the check cannot
    run. `left_out` are rows not to look at, `known` the whitening of the features if it is there.
    """
    if features is None:
        return [Outcome("outliers", not_run=NotRun(NO_FEATURES))]
    names = {name: place for place, name in enumerate(survey.classes)}
    seen = [one for one in survey.scored if one[0].row not in left_out]
    if len(seen) < FEWEST_IMAGES:
        reason = f"{images(len(seen))} say little about what is usual; {FEWEST_IMAGES} are needed."
        return [Outcome("outliers", not_run=NotRun(reason))]
    # Neither the order of reading nor names decide which images are compared with.
    seen.sort(key=lambda one: one[1].pixel_hash)
    rows = [image.row for image, _ in seen]
    classes = np.array([names[image.labels[0]] if image.labels else NO_CLASS for image, _ in seen])
    found = remoteness(features, rows, classes, known)
    return [Outcome("outliers", _describe(found, rows))]


def _describe(found: Remoteness, rows: Sequence[int]) -> Finding | None:
    far = np.flatnonzero((found.of_all > FURTHEST) & (found.of_class > FURTHEST_OF_CLASS))
    if not len(far):
        return None
    far = far[np.argsort(-found.of_all[far], kind="stable")]
    return Finding(
        severity="info",
        title=f"{images(len(far))} {verb(len(far), 'lies', 'lie')} far from all others in what "
        "they show.",
        remedy="Look whether they belong to this dataset: what shows something else is best taken "
        "out of the source; of what the model will meet, collect more.",
        rows=tuple(rows[place] for place in far.tolist()),
        notes=tuple(f"{found.times_usual[place]:.1f} times the usual" for place in far.tolist()),
    )
