"""Checks of labels: exactly one an image, and the name of a class."""

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems._checks.counts import class_counts
from sightline.problems.findings import Finding, Outcome
from sightline.problems.regression.amounts import amounts_of
from sightline.problems.targets import TargetSurvey
from sightline.problems.wording import images, verb


def check_labels(survey: TargetSurvey) -> list[Outcome]:
    """Check that every image has exactly one label."""
    return [
        Outcome("blank_labels", blank_labels(survey)),
        Outcome("several_labels", several_labels(survey)),
        Outcome("measured_labels", measured_labels(survey)),
    ]


def blank_labels(survey: TargetSurvey) -> Finding | None:
    """Find images without a label, or with one that is only spaces."""
    rows = tuple(
        row
        for row, target in enumerate(survey.targets)
        if not target.labels or any(not label.strip() for label in target.labels)
    )
    if not rows:
        return None
    return Finding(
        severity="error",
        title=f"{images(len(rows))} {verb(len(rows), 'has', 'have')} no label or a blank one.",
        remedy="Give these images a label in the source, or take them out of it.",
        rows=rows,
        classes=tuple(name for name in survey.classes if not name.strip()),
    )


def several_labels(survey: TargetSurvey) -> Finding | None:
    """Find images with more than one label; the classifier gives each image exactly one."""
    rows = tuple(row for row, target in enumerate(survey.targets) if len(target.labels) > 1)
    if not rows:
        return None
    return Finding(
        severity="error",
        title=f"{images(len(rows))} {verb(len(rows), 'has', 'have')} several labels.",
        remedy="This pipeline trains a classifier with one label per image. Keep one label for "
        "each of these images, or make the combination a class of its own.",
        rows=rows,
        notes=tuple(shorten(list(survey.targets[row].labels)) for row in rows),
    )


def measured_labels(survey: TargetSurvey) -> Finding | None:
    """Find labels that are amounts, such as weights: too many numbers for too few images."""
    counts = {name: count for name, count in class_counts(survey).items() if count}
    try:
        values = amounts_of({float(name): count for name, count in counts.items()})
    except ValueError:
        return None
    if not values:
        return None
    return Finding(
        severity="error",
        title=f"The labels look like amounts, not classes: {counted(len(values), 'number')} "
        f"from {values[0]:g} to {values[-1]:g} for {images(len(survey.targets))}.",
        remedy="A classifier cannot tell how far one number is from another: set ingest.problem to "
        "regression to learn the number itself. Or put them into a few classes, such as 'under 5' "
        "and '5 to 10'; if they are names of classes, write them as words, such as 'type 17'; if "
        "another column holds the label, name it in ingest.label_column.",
        classes=tuple(counts),
    )
