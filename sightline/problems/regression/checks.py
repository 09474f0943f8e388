"""Checks of numbers: all the same, far out, heaped, missing in between, and unlike the image."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome
from sightline.problems.regression.scale import Scale
from sightline.problems.targets import TargetSurvey
from sightline.problems.wording import images, verb
from sightline.stage.folds import NUM_FOLDS, folds_of
from sightline.stage.formats.records import SPLITS

Floats = np.ndarray[Any, np.dtype[np.float64]]

FAR_OUT = 3.0
"""Tukey's far out: so many widths of the middle half beyond its ends."""
HEAPED_SHARE = 0.2
FEWEST_DIFFERENT = 10
WIDEST_GAP = 0.25
"""Of the whole reach of the numbers, far-out ones aside."""
FEWEST_IMAGES = 20
FEWEST_TO_JUDGE = 50
LEAST_R2 = 0.2
MOST_DEVIATIONS = 5.0
STRENGTHS = tuple(float(10.0**power) for power in range(-1, 7))
MAD_TO_DEVIATION = 1.4826
NO_FEATURES = "What a backbone sees in the images is not known."


def check_numbers(survey: TargetSurvey, scale: Scale) -> list[Outcome]:
    """Run every check of numbers; one that cannot run says so."""
    rows = np.array(
        [row for row, one in enumerate(survey.targets) if one.value is not None], dtype=int
    )
    values = np.array([survey.targets[row].value for row in rows], np.float64)
    constant = _constant(values, scale)
    outcomes = [Outcome("constant_number", constant)]
    names = ("far_numbers", "heaped_numbers", "missing_range", "splits_of_numbers", "wrong_numbers")
    if constant or len(values) < FEWEST_IMAGES:
        reason = f"{images(len(values))} with different numbers are too few; {FEWEST_IMAGES} tell."
        return [*outcomes, *(Outcome(name, not_run=NotRun(reason)) for name in names)]
    far = _far(values)
    return [
        *outcomes,
        Outcome("far_numbers", _far_finding(rows, values, far, scale)),
        Outcome("heaped_numbers", _heaped(rows, values, scale)),
        Outcome("missing_range", _missing_range(values[~far], scale)),
        _splits(survey, rows, values, scale),
        _wrong(survey, rows, values, scale),
    ]


def _constant(values: Floats, scale: Scale) -> Finding | None:
    if len(values) and len(np.unique(values)) > 1:
        return None
    said = f"all have {scale.exact(values[0])}" if len(values) else "none has a number"
    return Finding(
        severity="error",
        title=f"There is nothing to learn: of {images(len(values))}, {said}.",
        remedy="Look whether ingest.label_column names the right column.",
    )


def _far(values: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    low, high = np.quantile(values, [0.25, 0.75])
    reach = FAR_OUT * (high - low)
    found = (values < low - reach) | (values > high + reach)
    # With half of the numbers equal, every other one would be far out.
    return found if high > low else np.zeros(len(values), bool)


def _far_finding(rows: Floats, values: Floats, far: Any, scale: Scale) -> Finding | None:
    if not far.any():
        return None
    order = np.argsort(-np.abs(values[far] - np.median(values)), kind="stable")
    low, high = np.quantile(values, [0.25, 0.75])
    found = values[far][order]
    return Finding(
        severity="warning",
        title=f"{counted(len(found), 'number lies', 'numbers lie')} far from the others: "
        f"{shorten([scale.exact(value) for value in found])}. Half lie between {scale.exact(low)} "
        f"and {scale.exact(high)}.",
        remedy="Look for slips of the comma and other units, and correct them in the source. The "
        "loss does not square errors beyond a standard deviation, but the deviation itself grows. "
        f"The rule: over {FAR_OUT:g} times the width of the middle half beyond its ends.",
        rows=tuple(rows[far][order].tolist()),
        notes=tuple(scale.exact(value) for value in found),
    )


def _heaped(rows: Floats, values: Floats, scale: Scale) -> Finding | None:
    counts = Counter(values.tolist())
    if len(counts) < FEWEST_DIFFERENT:
        return None
    heaps = [(value, n) for value, n in counts.most_common(3) if n > HEAPED_SHARE * len(values)]
    if not heaps:
        return None
    said = shorten([f"{scale.exact(value)} ({n / len(values):.0%})" for value, n in heaps])
    value = heaps[0][0]
    return Finding(
        severity="info",
        title=f"Many images have one and the same number: {said}, of {len(counts):,} numbers.",
        remedy="Look whether it stands for 'not measured', such as 0 or 999: leave these cells "
        "empty then, and the images go to quarantine.",
        rows=tuple(rows[values == value].tolist()),
    )


def _missing_range(values: Floats, scale: Scale) -> Finding | None:
    different = np.unique(values)
    if len(different) < FEWEST_DIFFERENT:
        return None
    gaps = np.diff(different)
    place, reach = int(gaps.argmax()), float(different[-1] - different[0])
    if gaps[place] < WIDEST_GAP * reach:
        return None
    low, high = different[place], different[place + 1]
    return Finding(
        severity="info",
        title=f"No image has a number between {scale.exact(low)} and {scale.exact(high)}, "
        f"{gaps[place] / reach:.0%} of the whole reach.",
        remedy="Add images with such numbers if the model will meet them: it can only guess there.",
    )


def _splits(survey: TargetSurvey, rows: Floats, values: Floats, scale: Scale) -> Outcome:
    """Find given test and validation splits beyond what can be trained on."""
    name = "splits_of_numbers"
    splits = np.array([survey.splits[row] or "" for row in rows])
    trained = np.isin(splits, ["train", ""])
    given = [split for split in SPLITS[1:] if (splits == split).any()]
    if not given or not trained.any():
        return Outcome(name, not_run=NotRun("The source gives no splits; preprocess makes them."))
    low, high = float(values[trained].min()), float(values[trained].max())
    beyond = np.isin(splits, given) & ((values < low) | (values > high))
    if not beyond.any():
        return Outcome(name)
    count = int(beyond.sum())
    finding = Finding(
        severity="warning",
        title=f"{images(count)} of {' and '.join(given)} {verb(count, 'has', 'have')} a number "
        f"outside those to train on, {scale.exact(low)} to {scale.exact(high)}.",
        remedy="Give the splits like numbers, or leave the split column out.",
        rows=tuple(rows[beyond].tolist()),
        notes=tuple(scale.exact(value) for value in values[beyond]),
    )
    return Outcome(name, finding)


def _wrong(survey: TargetSurvey, rows: Floats, values: Floats, scale: Scale) -> Outcome:
    """Find numbers far from what a model that never saw the image says of it.

    Ridge regression on the features of a backbone, in folds that keep groups together; a number
    is doubted from five robust deviations on, so one of some million right ones is.
    """
    name = "wrong_numbers"
    if survey.features is None:
        return Outcome(name, not_run=NotRun(NO_FEATURES))
    kept = np.array([row not in survey.removed for row in rows])
    if kept.sum() < FEWEST_TO_JUDGE:
        reason = f"{images(int(kept.sum()))} are too few to judge by; {FEWEST_TO_JUDGE} are needed."
        return Outcome(name, not_run=NotRun(reason))
    rows, values = rows[kept], values[kept]
    groups = _groups(survey, rows)
    num_folds = min(NUM_FOLDS, len(set(groups)))
    if num_folds < 2:
        reason = "All images are of one group: no model can judge them that never saw the like."
        return Outcome(name, not_run=NotRun(reason))
    said = _out_of_fold(
        survey.features(rows.tolist()), values, groups, num_folds, survey.most_learned
    )
    residuals = values - said
    spread = MAD_TO_DEVIATION * float(np.median(np.abs(residuals - np.median(residuals))))
    # Wrong numbers themselves must not hide that the others can be told.
    skill = 1 - (spread / (MAD_TO_DEVIATION * _mad(values) or float(values.std()))) ** 2
    if skill < LEAST_R2 or not spread:
        reason = f"The features tell too little of the numbers to doubt any: R² {skill:.2f}."
        return Outcome(name, not_run=NotRun(reason))
    doubted = np.flatnonzero(np.abs(residuals) > MOST_DEVIATIONS * spread)
    doubted = doubted[np.argsort(-np.abs(residuals[doubted]), kind="stable")]
    if not len(doubted):
        return Outcome(name)
    count = len(doubted)
    finding = Finding(
        severity="warning",
        title=f"{counted(count, 'number')} {verb(count, 'is', 'are')} far from what the image says "
        "to a model that never saw it.",
        remedy="Look at these first, and correct the source. Ridge regression on the features of a "
        f"backbone, {num_folds} folds; usually it is off by {scale.text(spread)}, here by over "
        f"{MOST_DEVIATIONS:g} times as much.",
        rows=tuple(rows[doubted].tolist()),
        notes=tuple(f"{scale.exact(values[at])}, rather {scale.text(said[at])}" for at in doubted),
    )
    return Outcome(name, finding)


def _mad(values: Floats) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _groups(survey: TargetSurvey, rows: Floats) -> Sequence[str]:
    return [survey.groups[row] if survey.groups else str(row) for row in rows.tolist()]


def _out_of_fold(
    features: Any, values: Floats, groups: Sequence[str], num_folds: int, most_learned: int | None
) -> Floats:
    """Answer for each image by a model of the other folds, of at most so many images in all."""
    # Imported here: half a second, and most runs of the command line never need it.
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import PredefinedSplit, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(STRENGTHS))
    learned = np.zeros(len(values), bool)
    learned[np.random.default_rng(0).permutation(len(values))[:most_learned]] = True
    folds = PredefinedSplit(folds_of(values, groups, num_folds, 0)).split()
    found: Floats = cross_val_predict(
        model,
        np.asarray(features, np.float64),
        values,
        cv=[(others[learned[others]], judged) for others, judged in folds],
    )
    return found
