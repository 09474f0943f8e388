"""Checks of the labels as text: likely misspellings."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from components.label_check.survey import Survey
from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, NotRun, Outcome

SHORTEST_MISSPELT = 5
MISSPELT_SHARE = 0.2


def check_label_names(survey: Survey) -> list[Outcome]:
    """Check that no two labels mean the same."""
    if len(survey.classes) < 2:
        reason = f"{counted(len(survey.classes), 'label')}: there is nothing to compare."
        return [Outcome("labels_alike", not_run=NotRun(reason))]
    return [Outcome("labels_alike", labels_alike(survey))]


def labels_alike(survey: Survey) -> Finding | None:
    """Find labels that look like the same word written twice."""
    pairs = list(alike_pairs(survey.classes, survey.class_counts))
    if not pairs:
        return None
    described = [f"'{rarer}' and '{other}' ({why})" for rarer, other, why in pairs]
    rarer_ones = {rarer for rarer, _, _ in pairs}
    return Finding(
        severity="warning",
        title=f"{counted(len(pairs), 'pair')} of labels may mean the same class: "
        f"{shorten(described)}.",
        remedy="If they do, give them one name in the source; if they do not, ignore this.",
        classes=tuple(dict.fromkeys(name for pair in pairs for name in pair[:2])),
        rows=tuple(image.row for image in survey.images if rarer_ones & set(image.labels)),
    )


def alike_pairs(names: Sequence[str], counts: Counter[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (rarer label, other label, how they differ) for labels that may be one.

    Names that differ in case, spaces or a plural always count. Names that are one letter apart
    count if they are long and one of them is rare: a misspelling is rarer than the word.
    """
    near: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for key in one_letter_less(folded(name)):
            near[key].append(name)
    pairs = {
        pair
        for group in near.values()
        for pair in combinations(sorted(set(group), key=lambda name: (counts[name], name)), 2)
    }
    for rarer, other in sorted(pairs):
        if why := difference(rarer, other, counts):
            yield rarer, other, why


def difference(rarer: str, other: str, counts: Counter[str]) -> str:
    """Say how two labels that are at most one letter apart differ; empty if it means nothing."""
    first, second = folded(rarer), folded(other)
    if first == second:
        both_numbers = first.isdecimal() and rarer.strip() != other.strip()
        return "the same number" if both_numbers else "differ only in case, spaces or dashes"
    shorter, longer = sorted((first, second), key=len)
    if longer in (shorter + "s", shorter + "es", re.sub("y$", "ies", shorter)):
        return "singular and plural"
    # `class 1` and `class 2` are numbers, not misspellings.
    if re.sub(r"\d", "", first) == re.sub(r"\d", "", second) or len(shorter) < SHORTEST_MISSPELT:
        return ""
    return "one letter apart" if counts[rarer] <= MISSPELT_SHARE * counts[other] else ""


def one_letter_less(text: str) -> set[str]:
    """Return a word and what is left of it without each of its letters, and without a plural.

    Two words share such a form if one letter was added, lost, changed or moved. The comparison
    of all labels so takes time in proportion to their letters, not to the number of pairs.
    """
    forms = {text} | {text[:place] + text[place + 1 :] for place in range(len(text))}
    return forms | {re.sub("(ies|y)$", "", text), re.sub("es$", "", text)}


def folded(name: str) -> str:
    """Return a label without what people vary: case, spaces and dashes, and `1.0` for `1`."""
    if re.fullmatch(r"-?\d+\.0+", name.strip()):
        return name.strip().partition(".")[0]
    return re.sub(r"[\s_-]+", "", name.casefold())
