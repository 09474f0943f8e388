"""One picture, or edits of one photo, under two labels: which labels, side by side."""

from collections import Counter
from collections.abc import Callable, Sequence

from components.label_check.measurement import Measurement
from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.findings import Finding
from sightline.problems.wording import images, verb

Pairs = Sequence[tuple[Measurement, Measurement]]
Title = Callable[[Measurement], str]
"""Says what an image is labelled with; two that do not agree may read the same."""
Agree = Callable[[Measurement, Measurement], bool]
"""Tells whether the labels of two images of one picture do not contradict each other."""

FEWEST_OF_PLACEHOLDER = 5
FEWEST_OF_ONE_CLASS = 10


def under_two_labels(
    groups: Sequence[Sequence[Measurement]], title: Title, agree: Agree, *, kept: bool
) -> Finding | None:
    """Describe pictures that lie under two labels, of which at least one is wrong.

    `groups` hold the copies of one picture each; `kept` tells that the cleaned dataset has them.
    """
    if not groups:
        return None
    number, most = len(groups), max(len(group) for group in groups)
    pairs = [pair for group in groups for pair in each_label(group, agree)]
    left_out = "All copies stay in the dataset" if kept else "All copies are left out"
    placeholder = (
        f" One of them occurs {most:,} times: is it a placeholder, such as 'no image'?"
        if most >= FEWEST_OF_PLACEHOLDER
        else ""
    )
    return Finding(
        severity="warning",
        title=f"{images(number)} {verb(number, 'lies', 'lie')} under more than one label: "
        f"{labels_of(pairs, title)}.",
        remedy=f"{left_out}: nothing tells which label is right. Keep each image under its right "
        f"label in the source.{placeholder}{_one_class(pairs, title)}",
        rows=rows_of(pairs),
        notes=notes_of(pairs),
        classes=classes_of(pairs),
        paired=True,
    )


def near_under_two_labels(pairs: Pairs, title: Title) -> Finding | None:
    """Describe edits of one photo under two labels; they stay in the dataset."""
    if not pairs:
        return None
    return Finding(
        severity="warning",
        title=f"{counted(len(pairs), 'pair')} of near-duplicates "
        f"{verb(len(pairs), 'lies', 'lie')} under different labels: {labels_of(pairs, title)}.",
        remedy="Both images stay, and one of the labels is likely wrong: put the photo under its "
        f"right label in the source.{_one_class(pairs, title)}",
        rows=rows_of(pairs),
        notes=notes_of(pairs),
        classes=classes_of(pairs),
        paired=True,
    )


def each_label(group: Sequence[Measurement], agree: Agree) -> list[tuple[Measurement, Measurement]]:
    """Return the first copy beside the first of every other label."""
    firsts: list[Measurement] = []
    for image in sorted(group, key=lambda one: one.row):
        if not any(agree(known, image) for known in firsts):
            firsts.append(image)
    first, *others = firsts
    return [(first, other) for other in others]


def labels_of(pairs: Pairs, title: Title) -> str:
    """Name the labels that meet, the most common meetings first."""
    return shorten(
        [f"{' and '.join(names)} ({count:,})" for names, count in _meetings(pairs, title)]
    )


def classes_of(pairs: Pairs) -> tuple[str, ...]:
    """Return all labels of the pairs."""
    return tuple(sorted({name for pair in pairs for one in pair for name in one.labels}))


def rows_of(pairs: Pairs) -> tuple[int, ...]:
    """Return the rows of the pairs, one pair after the other."""
    return tuple(image.row for pair in pairs for image in pair)


def notes_of(pairs: Pairs) -> tuple[str, ...]:
    """Number the pairs, and name the split of each image if one is given."""
    return tuple(
        f"pair {number}" + (f", {image.split}" if image.split else "")
        for number, pair in enumerate(pairs, start=1)
        for image in pair
    )


def _meetings(pairs: Pairs, title: Title) -> list[tuple[tuple[str, ...], int]]:
    found = Counter(tuple(sorted(title(image) or "no label" for image in pair)) for pair in pairs)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _one_class(pairs: Pairs, title: Title) -> str:
    names, count = _meetings(pairs, title)[0]
    if not classes_of(pairs) or count < max(FEWEST_OF_ONE_CLASS, len(pairs) / 2):
        return ""
    return f" Are {' and '.join(names)} one class to a person? Then merge them."
