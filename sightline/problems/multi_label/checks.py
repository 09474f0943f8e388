"""Checks of sets of labels: enough images of each, and names that never come alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems._checks.classes import (
    classes_missing_in_splits,
    empty_classes,
    few_images,
    imbalance,
    rare_classes,
)
from sightline.problems._checks.counts import class_counts, counts_left, rows_of
from sightline.problems.findings import Finding, Outcome
from sightline.problems.targets import TargetSurvey
from sightline.problems.wording import images, verb

MANY_WITHOUT = 0.5
"""Share of images without a label from which on they may not be labelled yet."""
FEWEST_TOGETHER = 10
"""Fewer images under a label may all have another by chance."""


def check_sets(survey: TargetSurvey) -> list[Outcome]:
    """Check what is left of each label after cleaning, and how labels come together."""
    return [
        Outcome("no_labels", no_labels(survey)),
        Outcome("unlabelled_images", unlabelled_images(survey)),
        Outcome("one_label_each", one_label_each(survey)),
        Outcome("empty_classes", empty_classes(survey)),
        Outcome("rare_classes", rare_classes(survey)),
        Outcome("few_images", few_images(survey)),
        Outcome("imbalance", _uneven(survey)),
        Outcome("labels_on_all_images", labels_on_all_images(survey)),
        Outcome("labels_together", labels_together(survey)),
        *classes_missing_in_splits(survey),
    ]


def no_labels(survey: TargetSurvey) -> Finding | None:
    """Find out that no image that stays has a label."""
    if any(counts_left(survey).values()):
        return None
    return Finding(
        severity="error",
        title="No image has a label.",
        remedy="Give images the names of what they show, in ingest.label_column or in one column "
        "of 0 and 1 per label.",
    )


def unlabelled_images(survey: TargetSurvey) -> Finding | None:
    """Tell how many images show nothing that there is a label for."""
    rows = tuple(row for row, target in enumerate(survey.targets) if not target.labels)
    if not rows:
        return None
    share = len(rows) / len(survey.targets)
    many = share > MANY_WITHOUT
    return Finding(
        severity="warning" if many else "info",
        title=f"{images(len(rows))} {verb(len(rows), 'has', 'have')} no label ({share:.1%}).",
        remedy="A model learns from them what images without any of the labels look like. If they "
        "are not labelled yet, take them out of the source.",
        rows=rows,
    )


def one_label_each(survey: TargetSurvey) -> Finding | None:
    """Find out that no image has several labels, so that another kind of problem fits better."""
    if any(len(target.labels) != 1 for target in survey.targets):
        return None
    return Finding(
        severity="info",
        title="Every image has exactly one label.",
        remedy="If no image can have two, ingest.problem: classification tells these classes "
        "apart better, since it knows that. If cells hold several labels, name what parts them in "
        "ingest.label_separator.",
    )


def _uneven(survey: TargetSurvey) -> Finding | None:
    found = imbalance(survey)
    remedy = "Add images of the rarer label: its F1 counts as much as any other's in macro F1."
    return None if found is None else replace(found, remedy=remedy)


def labels_on_all_images(survey: TargetSurvey) -> Finding | None:
    """Find labels that every image has: nothing can be learned of what is without them."""
    left = len(survey.targets) - len(survey.removed)
    names = tuple(name for name, count in counts_left(survey).items() if count == left)
    if not names or not left:
        return None
    return Finding(
        severity="warning",
        title=f"Every image has {counted(len(names), 'label')}: {shorten(list(names))}.",
        remedy="A model will always answer it. Add images without it, or take the label out.",
        classes=names,
    )


def labels_together(survey: TargetSurvey) -> Finding | None:
    """Find labels that never come without another one: a model cannot tell the two apart."""
    counts = class_counts(survey)
    pairs = Counter(
        pair for target in survey.targets for pair in combinations(sorted(set(target.labels)), 2)
    )
    always = list(_always(pairs.items(), counts, len(survey.targets)))
    if not always:
        return None
    described = [f"{name} with {other} ({counts[name]:,})" for name, other in always]
    names = tuple(dict.fromkeys(name for name, _ in always))
    return Finding(
        severity="warning",
        title=f"{counted(len(names), 'label')} never {verb(len(names), 'comes', 'come')} without "
        f"another: {shorten(described)}.",
        remedy="A model may take the one for the other. Add images with one of them alone; if one "
        "means the other, as 'dog' means 'animal', ignore this; if both are parts of one name, as "
        "of 'Smith, J', set ingest.label_separator to none.",
        classes=names,
        rows=rows_of(survey, set(names)),
    )


def _always(
    pairs: Iterable[tuple[tuple[str, str], int]], counts: dict[str, int], num_images: int
) -> Iterable[tuple[str, str]]:
    """Yield labels of which every image has another one, which not all images have anyway."""
    for (first, second), together in sorted(pairs):
        for name, other in ((first, second), (second, first)):
            enough = counts.get(name, 0) >= FEWEST_TOGETHER
            if enough and together == counts[name] and counts.get(other, 0) < num_images:
                yield name, other
