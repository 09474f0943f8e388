"""Which images a study looks at, and the study of a dataset that has features."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from components.label_check.collection.study import Counts, Predict, Study, study
from components.label_check.near_duplicates.groups import NO_GROUPS, kept_together
from components.label_check.outliers.distance import FeaturesOf
from components.label_check.survey import Survey
from components.label_check.wrong_labels.judgement import FEWEST_PER_CLASS

MOST_IMAGES = 4_000
Learner = Callable[[np.ndarray[Any, np.dtype[np.floating[Any]]], Counts, Counts], Predict]
"""Features [n, d], classes [n] and groups [n], which lie in one fold -> answers out of fold."""


def study_of(
    survey: Survey,
    features: FeaturesOf,
    left_out: Collection[int],
    learner: Learner,
    groups: Mapping[str, str] = NO_GROUPS,
) -> Study | None:
    """Study at most 4,000 images with one label; None where there are no two classes of 5.

    `groups` are those of near-duplicates, as for `kept_together`.
    """
    seen = survey.with_one_label(left_out)
    counts = Counter(image.labels[0] for image, _ in seen)
    names = [name for name in survey.classes if counts[name] >= FEWEST_PER_CLASS]
    seen = [one for one in seen if one[0].labels[0] in names]
    if len(names) < 2:
        return None
    num_images = len(seen)
    seen = sorted(seen, key=lambda one: one[1].pixel_hash)[:MOST_IMAGES]
    rows = [image.row for image, _ in seen]
    labels = np.array([names.index(image.labels[0]) for image, _ in seen])
    names_of_groups = [kept_together(image, groups) for image, _ in seen]
    _, numbers = np.unique(names_of_groups, return_inverse=True)
    predict = learner(features(rows), labels, numbers)
    return study(predict, labels, names=names, rows=rows, num_images=num_images)
