"""Near-duplicates that lie in two given splits, and which of near-duplicates stay."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from components.label_check.copies import KEEP_FIRST
from components.label_check.measurement import Measurement, Scores
from components.label_check.near_duplicates.groups import key_of
from components.label_check.near_duplicates.search import NearDuplicates
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey

HELD_OUT = ("test", "validation")


@dataclass(frozen=True, slots=True)
class Leak:
    """An image of a held-out split, and one like it in a split to protect less."""

    held_out: Measurement
    other: Measurement


@dataclass(frozen=True, slots=True)
class Leaks:
    """All leaks of a dataset, a direct pair before those that a group tells of."""

    found: tuple[Leak, ...]
    shares: dict[str, float]
    """Split -> share of its images that have a near-duplicate in a split to protect less."""

    @property
    def num_images(self) -> int:
        """How many held-out images are concerned."""
        return len({leak.held_out.row for leak in self.found})

    @property
    def largest_share(self) -> float:
        """The share of the split that is concerned most."""
        return max(self.shares.values(), default=0.0)


def find_leaks(survey: Survey, near: NearDuplicates, left_out: Collection[int]) -> Leaks:
    """Find near-duplicates across given splits, among the rows that are not left out."""
    staying = {image.row: image for image, _ in survey.scored if image.row not in left_out}
    direct = [_leak(staying[pair.first], staying[pair.second]) for pair in near.pairs]
    found = [leak for leak in direct if leak is not None]
    named = {leak.other.row for leak in found}
    for members in grouped_rows(survey, near, left_out):
        best = min((image for image, _ in members), key=_protection)
        through = [_leak(best, image) for image, _ in members if image.row not in named]
        found += [leak for leak in through if leak is not None]
    concerned = Counter(split for split, _ in {_held(leak) for leak in found})
    sizes = Counter(image.split for image in staying.values())
    return Leaks(
        tuple(found),
        {name: concerned[name] / sizes[name] for name in HELD_OUT if concerned[name]},
    )


def _held(leak: Leak) -> tuple[str | None, int]:
    return leak.held_out.split, leak.held_out.row


def _leak(one: Measurement, other: Measurement) -> Leak | None:
    """Return the leak that two images are; None where their splits are one, or none is held out."""
    first, second = sorted((one, other), key=lambda image: (_protection(image), image.row))
    if first.split not in HELD_OUT or _protection(first) == _protection(second):
        return None
    return Leak(first, second)


def _protection(image: Measurement) -> int:
    # Without a split, an image may be trained on.
    return KEEP_FIRST.index(image.split or "train")


def grouped_rows(
    survey: Survey, near: NearDuplicates, left_out: Collection[int]
) -> Iterable[list[tuple[Measurement, Scores]]]:
    """Return the images of each group that near-duplicates made, without the rows left out."""
    groups: dict[str, list[tuple[Measurement, Scores]]] = defaultdict(list)
    for image, scores in survey.scored:
        name = near.groups.get(key_of(image, scores))
        if name is not None and image.row not in left_out:
            groups[name].append((image, scores))
    return groups.values()


def near_rows_to_remove(
    survey: Survey,
    near: NearDuplicates,
    leaks: Leaks,
    left_out: Collection[int],
    settings: LabelCheckSettings,
) -> dict[int, str]:
    """Return the rows that the cleaned dataset leaves out beside exact copies, with reasons."""
    if settings.remove not in ("leaks", "near_duplicates"):
        return {}
    removed = {
        leak.other.row: f"near-duplicate of {leak.held_out.uri} in {leak.held_out.split}"
        for leak in leaks.found
    }
    if settings.remove == "near_duplicates":
        rank = {image.row: best_first(image, scores) for image, scores in survey.scored}
        by_row = {image.row: image for image, _ in survey.scored}
        for pair in near.pairs:
            best, other = sorted((pair.first, pair.second), key=rank.__getitem__)
            one_label = survey.agree(by_row[best], by_row[other])
            if one_label and not {best, other} & {*removed, *left_out}:
                removed[other] = f"near-duplicate of {by_row[best].uri}"
    return removed


def best_first(image: Measurement, scores: Scores) -> tuple[int, int, float, str]:
    """Return the place among near-duplicates: held out first, then large, sharp, by its pixels."""
    area = scores.width * scores.height
    return _protection(image), -area, -scores.sharpness, scores.pixel_hash.hex()
