"""Checks that count: how many classes, and how many images each has in each split."""

from components.label_check.findings import Finding, NotRun, Outcome
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from components.label_check.wording import images, quantity
from sightline.ground.errors import shorten

FEWEST_CLASSES = 2


def check_classes(
    survey: Survey, removed: dict[int, str], settings: LabelCheckSettings
) -> list[Outcome]:
    """Check what is left of each class after cleaning, overall and in each given split."""
    return [
        Outcome("too_few_classes", too_few_classes(survey, removed)),
        Outcome("empty_classes", empty_classes(survey, removed)),
        Outcome("rare_classes", rare_classes(survey, settings)),
        Outcome("imbalance", imbalance(survey, settings)),
        *classes_missing_in_splits(survey, removed),
    ]


def too_few_classes(survey: Survey, removed: dict[int, str]) -> Finding | None:
    """Find out that there is nothing to tell apart."""
    left = [name for name, count in counts_left(survey, removed).items() if count]
    if len(left) >= FEWEST_CLASSES:
        return None
    return Finding(
        severity="error",
        title=f"A classifier needs at least 2 classes with images; this dataset has {len(left)}"
        f"{f' ({left[0]})' if left else ''}.",
        remedy="Add images of a second class; 'none of these' is one, if you only have one.",
        classes=tuple(left),
    )


def empty_classes(survey: Survey, removed: dict[int, str]) -> Finding | None:
    """Find classes that a model would have to predict without having seen one image."""
    empty = tuple(name for name, count in counts_left(survey, removed).items() if not count)
    if not empty:
        return None
    lost = tuple(row for row in removed if set(survey.images[row].labels) & set(empty))
    return Finding(
        severity="error",
        title=f"{quantity(len(empty), 'class has', 'classes have')} no image to learn from: "
        f"{shorten(list(empty))}.",
        remedy="Add images of these classes, or take the classes out of the source. "
        "Classes whose only images were left out as unusable are among them.",
        classes=empty,
        rows=lost,
        notes=tuple(removed[row] for row in lost),
    )


def rare_classes(survey: Survey, settings: LabelCheckSettings) -> Finding | None:
    """Find classes with too few images to learn or to measure."""
    counts = {name: survey.class_counts[name] for name in survey.classes}
    rare = sorted(
        (name for name, count in counts.items() if 0 < count < settings.min_images_per_class),
        key=lambda name: counts[name],
    )
    if not rare:
        return None
    described = [f"{name} ({counts[name]})" for name in rare]
    return Finding(
        severity="warning",
        title=f"{quantity(len(rare), 'class has', 'classes have')} fewer than "
        f"{images(settings.min_images_per_class)}: {shorten(described)}.",
        remedy="Add images of these classes or merge them with another. About 100 images per "
        "class train a usable model and 1,000 a good one.",
        classes=tuple(rare),
        rows=rows_of(survey, set(rare)),
    )


def imbalance(survey: Survey, settings: LabelCheckSettings) -> Finding | None:
    """Find out that one class outnumbers another so much that the rarer one will be ignored."""
    counts = {name: survey.class_counts[name] for name in survey.classes}
    present = {name: count for name, count in counts.items() if count}
    if not present:
        return None
    most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    ratio = present[most] / present[least]
    if ratio <= settings.max_imbalance:
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


def classes_missing_in_splits(survey: Survey, removed: dict[int, str]) -> list[Outcome]:
    """Check each given split, and training in any case, for classes that it lacks."""
    given = [split for split in survey.splits if split]
    if not given:
        reason = "The source gives no splits; preprocess makes them."
        return [Outcome("classes_missing_in_splits", not_run=NotRun(reason))]
    lacking = {
        split: missing
        for split in dict.fromkeys(["train", *given])
        if (missing := missing_classes(survey, removed, split))
    }
    return [Outcome("classes_missing_in_splits", missing_in_splits(lacking))]


def missing_classes(survey: Survey, removed: dict[int, str], split: str) -> list[str]:
    """Return the classes with images elsewhere but none that lies, or could come, in a split.

    Images without a given split may still become training images, so they count for training.
    """
    places = {split, None} if split == "train" else {split}
    left = [image for image in survey.images if image.row not in removed]
    found = {label for image in left if image.split in places for label in image.labels}
    anywhere = {label for image in left for label in image.labels}
    return [name for name in survey.classes if name in anywhere - found]


def missing_in_splits(lacking: dict[str, list[str]]) -> Finding | None:
    """Describe which split lacks which classes; one that training lacks cannot be learned."""
    if not lacking:
        return None
    described = [f"{split} lacks {shorten(names)}" for split, names in lacking.items()]
    total = len({name for names in lacking.values() for name in names})
    return Finding(
        severity="error" if "train" in lacking else "warning",
        title=f"{quantity(total, 'class is', 'classes are')} missing from a given split: "
        f"{'; '.join(described)}.",
        remedy="Move images of these classes into the split, or leave the split column out, so "
        "that preprocess splits every class.",
        classes=tuple(dict.fromkeys(name for names in lacking.values() for name in names)),
    )


def counts_left(survey: Survey, removed: dict[int, str]) -> dict[str, int]:
    """Return images per class without those that the cleaned dataset leaves out."""
    counts = dict.fromkeys(survey.classes, 0)
    for image in survey.images:
        if image.row not in removed:
            for label in image.labels:
                counts[label] = counts.get(label, 0) + 1
    return counts


def rows_of(survey: Survey, names: set[str]) -> tuple[int, ...]:
    """Return the rows of the images with one of these labels."""
    return tuple(image.row for image in survey.images if names & set(image.labels))
