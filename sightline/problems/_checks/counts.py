"""How many images the labels have, and which."""

from collections import Counter

from sightline.problems.targets import TargetSurvey


def class_counts(survey: TargetSurvey) -> dict[str, int]:
    """Return images per class; an image with two labels counts for both."""
    counts = Counter(label for target in survey.targets for label in target.labels)
    return {name: counts[name] for name in survey.classes}


def counts_between(survey: TargetSurvey, least: int, below: int) -> dict[str, int]:
    """Return images per class of those that have so many, the rarest class first."""
    counts = class_counts(survey)
    chosen = [name for name, count in counts.items() if least <= count < below]
    return {name: counts[name] for name in sorted(chosen, key=counts.__getitem__)}


def counts_left(survey: TargetSurvey) -> dict[str, int]:
    """Return images per class without those that the cleaned dataset leaves out."""
    counts = dict.fromkeys(survey.classes, 0)
    for row, target in enumerate(survey.targets):
        if row not in survey.removed:
            for label in target.labels:
                counts[label] = counts.get(label, 0) + 1
    return counts


def rows_of(survey: TargetSurvey, names: set[str]) -> tuple[int, ...]:
    """Return the rows of the images with one of these labels: one of each label, then another.

    The first few, which a report shows, are so of as many classes as there are.
    """
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for row, target in enumerate(survey.targets):
        if wanted := sorted(names & set(target.labels)):
            turns.append((seen[wanted[0]], row))
            seen[wanted[0]] += 1
    return tuple(row for _, row in sorted(turns))
