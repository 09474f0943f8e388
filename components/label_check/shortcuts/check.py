"""What is told about labels that follow from one property of the image alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.label_check.near_duplicates.groups import NO_GROUPS, kept_together
from components.label_check.shortcuts.properties import (
    Kind,
    Property,
    Seen,
    binned,
    properties_of,
)
from components.label_check.shortcuts.rules import Binned, tell
from components.label_check.survey import Survey
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.wording import images
from sightline.stage.folds import NUM_FOLDS, folds_of

FEWEST_IMAGES = 10
SEED = 0
"""Of the folds."""
NO_CLASSES = "There are no classes that could be told apart."
SMALLEST_PHI: dict[Kind, float] = {
    "light": 0.75,
    "colour": 0.75,
    "size": 0.6,
    "file": 0.6,
    "column": 0.6,
}
"""Classes differ in light and colour by what they are: of red roses and sunflowers, the share of
green tells 0.65 to 0.8."""
LARGEST_P_VALUE = 0.001
"""Divided by the number of classes and properties looked at."""
MOST_NAMED = 3
MOST_IMAGES = 20_000
"""More are sampled: each step closer to a class takes four times as many."""
REMEDIES: dict[Kind, str] = {
    "light": "Where light is not what the class means, take photos of the classes in the same "
    "light, or set train.augment so that brightness varies.",
    "colour": "Where colour is not what the class means, look for another background or lamp, and "
    "collect photos of the classes in the same places; preprocess.channels=1 hides colours.",
    "size": "Collect photos of the classes in the same way, or cut and resize them alike: after "
    "resizing, sharpness and distortion still tell the sizes apart.",
    "file": "Collect photos of the classes from the same sources and write them as the same kind "
    "of file: traces of compression and of the camera stay in the pixels.",
    "column": "Where the column is not what the class means, collect photos of every class for "
    "each of its values.",
}
CHECKS: dict[Kind, str] = {
    "light": "label_follows_light",
    "colour": "label_follows_colour",
    "size": "label_follows_size",
    "file": "label_follows_file",
    "column": "label_follows_column",
}


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A class that one property tells."""

    item: Property
    name: str
    phi: float
    rule: str
    hits: int
    of_class: int
    others: int
    of_others: int
    rows: tuple[int, ...]


def check_shortcuts(
    survey: Survey, left_out: Collection[int], groups: Mapping[str, str] = NO_GROUPS
) -> list[Outcome]:
    """Report classes that can be told from one property of the image alone.

    A model would learn the property, and fail where it no longer goes with the class. `groups` are
    those of near-duplicates, as for `kept_together`.
    """
    seen = sampled(survey, left_out)
    counts = {name: 0 for name in survey.classes}
    for image, _ in seen:
        counts[image.labels[0]] += 1
    asked = [name for name, count in counts.items() if count >= FEWEST_IMAGES]
    kinds = [kind for kind in CHECKS if kind != "column" or survey.info.slices]
    if len(asked) < 2:
        reason = (
            NO_CLASSES
            if not survey.classes
            else (
                f"{counted(len(asked), 'class', 'classes')} with {FEWEST_IMAGES} images or more; "
                "2 are needed."
            )
        )
        return [Outcome(CHECKS[kind], not_run=NotRun(reason)) for kind in kinds]
    found = find_shortcuts(seen, survey.classes, properties_of(survey.info.slices), groups)
    return [Outcome(CHECKS[kind], _describe(found, kind, len(seen))) for kind in kinds]


def sampled(survey: Survey, left_out: Collection[int]) -> list[Seen]:
    """Return the images with one label that stay, at most 20,000, the same ones in every run."""
    seen = survey.with_one_label(left_out)
    if len(seen) > MOST_IMAGES:
        seen = sorted(seen, key=lambda one: one[1].pixel_hash)[:MOST_IMAGES]
    return seen


def find_shortcuts(
    seen: Sequence[Seen],
    names: Sequence[str],
    properties: Sequence[Property],
    groups: Mapping[str, str] = NO_GROUPS,
) -> list[Shortcut]:
    """Return for each class and kind of property the one that tells it best, best first."""
    place = {name: at for at, name in enumerate(names)}
    classes = np.array([place[image.labels[0]] for image, _ in seen])
    together = [kept_together(image, groups) for image, _ in seen]
    folds = folds_of(classes, together, NUM_FOLDS, SEED)
    of_class = np.bincount(classes, minlength=len(names))
    asked = of_class >= FEWEST_IMAGES
    limit = LARGEST_P_VALUE / max(int(asked.sum()) * len(properties), 1)
    best: dict[tuple[Kind, int], Shortcut] = {}
    for item in properties:
        bins = binned(item, seen, num_classes=len(names))
        if len(bins.lows) < 2:
            continue
        told = tell(bins, classes, folds, num_classes=len(names))
        strong = (told.phi_at_least >= SMALLEST_PHI[item.kind]) & asked
        if strong.any():
            strong &= told.p_values() <= limit
        for at in np.flatnonzero(strong).tolist():
            known = best.get((item.kind, at))
            if known is not None and known.phi >= told.phi[at]:
                continue
            in_class = np.flatnonzero(told.bins[:, at][bins.codes] & (classes == at))
            best[item.kind, at] = Shortcut(
                item=item,
                name=names[at],
                phi=float(told.phi[at]),
                rule=_in_words(item, bins, np.flatnonzero(told.bins[:, at]).tolist()),
                hits=int(told.hits[at]),
                of_class=int(of_class[at]),
                others=int(told.others[at]),
                of_others=int(len(seen) - of_class[at]),
                rows=tuple(seen[one][0].row for one in in_class.tolist()),
            )
    return sorted(best.values(), key=lambda one: (-one.phi, one.name))


def _in_words(item: Property, bins: Binned, held: Sequence[int]) -> str:
    if not bins.ordered:
        values = [bins.lows[at] or "none" for at in held]
        shown = ", ".join(values[:MOST_NAMED])
        rest = f" or {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
        return f"{item.name} {shown}{rest}"
    unit = f" {item.unit}" if item.unit else ""
    low, high = (_number(value) for value in (bins.lows[held[0]], bins.highs[held[-1]]))
    if low == high:
        return f"{item.name} {low}{unit}"
    if held[0] == 0:
        return f"{item.name} up to {high}{unit}"
    if held[-1] == len(bins.lows) - 1:
        return f"{item.name} from {low}{unit} on"
    return f"{item.name} {low} to {high}{unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _describe(of_any_kind: Sequence[Shortcut], kind: Kind, num_seen: int) -> Finding | None:
    found = [one for one in of_any_kind if one.item.kind == kind]
    if not found:
        return None
    what = "a further column" if kind == "column" else f"the image's {kind}"
    sample = f" Figures are of a sample of {images(num_seen)}." if num_seen == MOST_IMAGES else ""
    rest = len(found) - MOST_NAMED
    named = "; ".join(_sentence(one) for one in found[:MOST_NAMED])
    more = f"; and {counted(rest, 'more class', 'more classes')}" if rest > 0 else ""
    turns = [row for rows in zip(*(one.rows[:4] for one in found), strict=False) for row in rows]
    rows = dict.fromkeys([*turns, *(row for one in found for row in one.rows)])
    rule = {row: one.rule for one in reversed(found) for row in one.rows}
    return Finding(
        # A column may say the same as the label in other words; a model does not see it.
        severity="info" if kind == "column" else "warning",
        title=f"The label follows from {what} alone: {named}{more}.",
        remedy=f"A model may learn this instead of what the photos show. {REMEDIES[kind]}{sample}",
        rows=tuple(rows),
        notes=tuple(rule[row] for row in rows),
        classes=tuple(one.name for one in found),
    )


def _sentence(one: Shortcut) -> str:
    whole = one.hits == one.of_class
    of_class = f"all {images(one.of_class)}" if whole else f"{one.hits:,} of {images(one.of_class)}"
    verb = "have" if one.hits != 1 else "has"
    others = f"{one.others:,} of {one.of_others:,} others" if one.others else "no other"
    return f"{of_class} of '{one.name}' {verb} {one.rule}, {others}"
