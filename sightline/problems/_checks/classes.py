"""Checks of classes: enough of them, and enough images of each in each split."""

from collections.abc import Mapping

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems._checks.counts import class_counts, counts_between, counts_left, rows_of
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.targets import TargetSurvey
from sightline.problems.wording import images
from sightline.stage.formats.records import SPLITS

FEWEST_CLASSES = 2


def check_classes(survey: TargetSurvey) -> list[Outcome]:
    """Check what is left of each class after cleaning, overall and in each given split."""
    return [
        Outcome("too_few_classes", too_few_classes(survey)),
        Outcome("empty_classes", empty_classes(survey)),
        Outcome("rare_classes", rare_classes(survey)),
        Outcome("few_images", few_images(survey)),
        Outcome("imbalance", imbalance(survey)),
        *classes_missing_in_splits(survey),
    ]


def too_few_classes(survey: TargetSurvey) -> Finding | None:
    """Find out that there is nothing to tell apart."""
    left = [name for name, count in counts_left(survey).items() if count]
    if len(left) >= FEWEST_CLASSES:
        return None
    return Finding(
        severity="error",
        title=f"A classifier needs at least 2 classes with images; this dataset has {len(left)}"
        f"{f' ({left[0]})' if left else ''}.",
        remedy="Add images of a second class; 'none of these' is one, if you only have one.",
        classes=tuple(left),
    )


def empty_classes(survey: TargetSurvey) -> Finding | None:
    """Find classes that a model would have to predict without having seen one image."""
    empty = tuple(name for name, count in counts_left(survey).items() if not count)
    if not empty:
        return None
    lost = tuple(row for row in survey.removed if set(survey.targets[row].labels) & set(empty))
    return Finding(
        severity="error",
        title=f"{counted(len(empty), 'class has', 'classes have')} no image to learn from: "
        f"{shorten(list(empty))}.",
        remedy="Add images of these classes, or take the classes out of the source. "
        "Classes whose only images were left out as unusable are among them.",
        classes=empty,
        rows=lost,
        notes=tuple(survey.removed[row] for row in lost),
    )


def rare_classes(survey: TargetSurvey) -> Finding | None:
    """Find classes with too few images to learn or to measure."""
    rare = counts_between(survey, 1, survey.min_images_per_class)
    if not rare:
        return None
    return Finding(
        severity="warning",
        title=f"{counted(len(rare), 'class has', 'classes have')} fewer than "
        f"{images(survey.min_images_per_class)}: {shorten(_described(rare))}.",
        remedy="Add images of these classes or merge them with another. About 100 images per "
        "class train a usable model and 1,000 a good one.",
        classes=tuple(rare),
        rows=rows_of(survey, set(rare)),
    )


def few_images(survey: TargetSurvey) -> Finding | None:
    """Find classes that can be learned, but with fewer images than are advised."""
    wanted = survey.wanted_images_per_class
    few = counts_between(survey, max(survey.min_images_per_class, 1), wanted)
    if not few:
        return None
    return Finding(
        severity="info",
        title=f"{counted(len(few), 'class has', 'classes have')} fewer than {images(wanted)}, "
        f"which are advised for training on a pretrained backbone: {shorten(_described(few))}.",
        remedy="Add images of these classes first. Rules of thumb: 100 a class train a usable "
        "model on a frozen backbone and 1,000 a good one; from 1,000 on fine-tuning pays, from "
        "5,000 on training from scratch may. label_check.wanted_images_per_class sets the number.",
        classes=tuple(few),
    )


def _described(counts: Mapping[str, int]) -> list[str]:
    return [f"{name} ({count})" for name, count in counts.items()]


def imbalance(survey: TargetSurvey) -> Finding | None:
    """Find out that one class outnumbers another so much that the rarer one will be ignored."""
    counts = class_counts(survey)
    present = {name: count for name, count in counts.items() if count}
    if not present:
        return None
    most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    ratio = present[most] / present[least]
    if ratio <= survey.max_imbalance:
        return None
    return Finding(
        severity="warning",
        title=f"'{most}' has {ratio:,.0f} times as many images as '{least}' "
        f"({present[most]:,} and {present[least]:,}).",
        remedy=f"Add images of '{least}', leave out some of '{most}', or keep "
        "train.class_weights=auto, which weighs rare classes up.",
        classes=(most, least),
        rows=rows_of(survey, {least}),
    )


def classes_missing_in_splits(survey: TargetSurvey) -> list[Outcome]:
    """Check each given split, and training in any case, for classes that it lacks."""
    given: list[str] = [split for split in SPLITS if split in survey.splits]
    if not given:
        reason = "The source gives no splits; preprocess makes them."
        return [Outcome("classes_missing_in_splits", not_run=NotRun(reason))]
    lacking = {
        split: missing
        for split in dict.fromkeys(["train", *given])
        if (missing := missing_classes(survey, split))
    }
    return [Outcome("classes_missing_in_splits", missing_in_splits(lacking))]


def missing_classes(survey: TargetSurvey, split: str) -> list[str]:
    """Return the classes with images elsewhere but none that lies, or could come, in a split.

    Images without a given split may still become training images, so they count for training.
    """
    places = {split, None} if split == "train" else {split}
    left = [row for row in range(len(survey.targets)) if row not in survey.removed]
    found = {
        label
        for row in left
        if survey.splits[row] in places
        for label in survey.targets[row].labels
    }
    anywhere = {label for row in left for label in survey.targets[row].labels}
    return [name for name in survey.classes if name in anywhere - found]


def missing_in_splits(lacking: dict[str, list[str]]) -> Finding | None:
    """Describe which split lacks which classes; one that training lacks cannot be learned."""
    if not lacking:
        return None
    described = [f"{split} lacks {shorten(names)}" for split, names in lacking.items()]
    total = len({name for names in lacking.values() for name in names})
    return Finding(
        severity="error" if "train" in lacking else "warning",
        title=f"{counted(total, 'class is', 'classes are')} missing from a given split: "
        f"{'; '.join(described)}.",
        remedy="Move images of these classes into the split, or leave the split column out, so "
        "that preprocess splits every class.",
        classes=tuple(dict.fromkeys(name for names in lacking.values() for name in names)),
    )
