"""The dataset held against one that was good: classes, shares, and how its images look."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from components.label_check.survey import Survey
from sightline.ground.errors import one_line, shorten
from sightline.ground.history.expectations import (
    Expectations,
    expectations_in,
    quantiles_of,
    rounded,
    unexpected,
)
from sightline.ground.history.feature_figures import (
    FeatureFigures,
    features_shift,
    incomparable,
)
from sightline.ground.history.measurements import MEASUREMENTS
from sightline.ground.history.shift import quantiles_shift, shares_shift
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome, Severity
from sightline.problems.wording import images

FEWEST_IMAGES = 100
"""Tests on fewer say little in either direction."""
FALSE_ALARMS = 0.01
"""Chance of any finding on data of the same kind, over all tests together."""
LEAST_DISTANCE = 0.1
"""With many images every difference is significant; smaller ones are no reason to act."""
AGAIN = "If the data are meant to be so, freeze them: sightline data freeze."


def measured(survey: Survey) -> dict[str, list[float]]:
    """Return each measurement of all images that could be decoded."""
    return {
        name: [rounded(one.value(scores)) for _, scores in survey.scored]
        for name, one in MEASUREMENTS.items()
    }


def measurement_figures(survey: Survey) -> dict[str, list[float]]:
    """Return what `sightline data freeze` keeps of the measurements."""
    return {name: quantiles_of(values) for name, values in measured(survey).items()}


def mode_counts(survey: Survey) -> Counter[str]:
    """Count the images by mode, as received."""
    return Counter(image.mode for image in survey.images)


def check_expected(
    survey: Survey, file: str, features: FeatureFigures | None = None
) -> list[Outcome]:
    """Hold a dataset, and what a backbone sees in it, against what `label_check.expected` says.

    Raises:
        DataError: the file cannot be read.
    """
    if not file:
        reason = "label_check.expected names no file to hold the data against."
        return [Outcome("as_expected", not_run=NotRun(reason))]
    expected = read_expectations(Path(file.removeprefix("file://")))
    outcomes = [
        Outcome("expected_classes", classes_finding(survey, expected)),
        Outcome("expected_modes", modes_finding(survey, expected)),
    ]
    if len(survey.images) < FEWEST_IMAGES:
        few = NotRun(f"{images(len(survey.images))}: tests need at least {FEWEST_IMAGES}.")
        return [*outcomes, Outcome("expected_shares", not_run=few)]
    return [*outcomes, *moved(survey, expected, features)]


def read_expectations(path: Path) -> Expectations:
    """Read what `sightline data freeze` wrote, or what became of it.

    Raises:
        DataError: it is no such file.
    """
    import yaml

    try:
        return expectations_in(yaml.safe_load(path.read_text(encoding="utf-8")), path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise unexpected(path, one_line(error)) from error


def classes_finding(survey: Survey, expected: Expectations) -> Finding | None:
    """Find classes that are new, and such that are missing or have no image."""
    found = {name for name in survey.classes if survey.class_counts[name]}
    new, missing = sorted(found - set(expected.classes)), sorted(set(expected.classes) - found)
    if not new and not missing:
        return None
    said = [
        f"{counted(len(names), f'{what} class', f'{what} classes')} ({shorten(names)})"
        for what, names in (("new", new), ("missing", missing))
        if names
    ]
    return Finding(
        severity="error",
        title=f"The data do not have the expected classes: {' and '.join(said)}.",
        remedy=f"Correct the labels or the source. {AGAIN}",
        classes=(*new, *missing),
        rows=tuple(image.row for image in survey.images if set(new) & set(image.labels)),
    )


def modes_finding(survey: Survey, expected: Expectations) -> Finding | None:
    """Find images of a mode that did not occur, such as grey ones."""
    new = sorted(set(mode_counts(survey)) - set(expected.modes)) if expected.modes else []
    rows = tuple(image.row for image in survey.images if image.mode in new)
    if not rows:
        return None
    return Finding(
        severity="warning",
        title=f"{images(len(rows))} of a mode that was not expected: {shorten(new)}.",
        remedy=f"Look where they come from. {AGAIN}",
        rows=rows,
    )


def moved(
    survey: Survey, expected: Expectations, features: FeatureFigures | None = None
) -> Iterator[Outcome]:
    """Test whether shares and measurements moved, as often wrongly as `FALSE_ALARMS` says."""
    values = measured(survey)
    tested = [name for name in values if expected.measurements.get(name)]
    level = FALSE_ALARMS / (len(tested) + 2)
    shift = shares_shift(expected.classes, survey.class_counts)
    finding = None
    if shift.p < level and shift.distance >= LEAST_DISTANCE:
        finding = drift_finding(
            f"The shares of classes moved: {shorten(share_changes(survey, expected))}",
            shift.p,
            "Look whether the new images were taken or chosen otherwise.",
        )
    yield Outcome("expected_shares", finding)
    for name in tested:
        quantiles = expected.measurements[name]
        shift = quantiles_shift(quantiles, expected.num_images, values[name], len(values[name]))
        finding = None
        if shift.p < level and shift.distance >= LEAST_DISTANCE:
            middle = quantiles[len(quantiles) // 2]
            finding = drift_finding(
                f"The {name} of images moved ({MEASUREMENTS[name].about}): median {middle:.4g} "
                f"expected, {float(np.median(values[name])):.4g} received, "
                f"{shift.distance:.2f} apart",
                shift.p,
                "Look for another camera, place, season or export.",
            )
        yield Outcome(f"expected_{name}", finding)
    yield features_moved(expected.features, features, level)


def features_moved(
    expected: FeatureFigures | None, features: FeatureFigures | None, level: float
) -> Outcome:
    """Test whether a backbone sees something else in the images."""
    check = "expected_features"
    reason = incomparable(expected, features)
    if reason or expected is None or features is None:
        return Outcome(check, not_run=NotRun(f"Features were not compared. {reason}"))
    shift = features_shift(expected, features)
    if shift.p >= level or shift.distance < LEAST_DISTANCE:
        return Outcome(check)
    finding = drift_finding(
        f"What {features.backbone} sees in the images moved: one of its features lies "
        f"{shift.distance:.2f} apart from what was expected",
        shift.p,
        "Look for another camera, crop, compression or subject.",
    )
    return Outcome(check, finding)


def share_changes(survey: Survey, expected: Expectations) -> list[str]:
    """Say of each class what its share was and is, those that moved most first."""
    old, new = sum(expected.classes.values()), survey.class_counts.total()
    pairs = [
        (name, expected.classes.get(name, 0) / old, survey.class_counts[name] / new)
        for name in sorted({*expected.classes, *survey.class_counts})
    ]
    pairs.sort(key=lambda pair: -abs(pair[2] - pair[1]))
    return [f"{name} {before:.1%} to {after:.1%}" for name, before, after in pairs]


def drift_finding(title: str, p: float, remedy: str, severity: Severity = "warning") -> Finding:
    """Return a finding about all images."""
    return Finding(severity=severity, title=f"{title} (p {p:.1g}).", remedy=f"{remedy} {AGAIN}")
