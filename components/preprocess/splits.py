"""Which image goes to which split.

Stable splits: the split of an image follows from its own group key and the settings, and from
nothing else. That is the only way to keep the promise that more data never moves an image: if x
had one split in dataset A and another in dataset B, it would have to move in one of them on the
way to A and B together. So a class gets its shares up to chance: a tenth of 200 images is 20,
give or take 4. `exact` counts instead, gives each class its shares to the image, and gives the
promise up.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from components.preprocess.settings import PreprocessSettings
from sightline.ground.errors import DataError
from sightline.stage.formats.records import SPLITS, Split

SMALLEST_CLASS_TO_SHARE = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the split of an image may depend on."""

    group: str
    stratum: str
    """What `exact` splits balance by."""
    given: str | None


@dataclass(frozen=True, slots=True)
class Band:
    """The part [start, end) of the hash range that belongs to a split."""

    split: Split
    start: float
    end: float


def assign_splits(
    candidates: Sequence[Candidate], settings: PreprocessSettings
) -> tuple[Split, ...]:
    """Return the split of each image, in the order of the images.

    Given splits are honoured. A split that the source does not give at all is taken from its
    training images, and from those without a split.

    Raises:
        DataError: the source gives a split that is none of train, validation and test.
    """
    given = [known_split(candidate.given) for candidate in candidates]
    bands = [band for band in bands_of(settings) if band.split not in given]
    free = [
        candidate
        for candidate, split in zip(candidates, given, strict=True)
        if split in (None, "train")
    ]
    if settings.stratify == "exact":
        chosen = _exact(free, bands, settings)
    else:
        chosen = {one.group: _stable(one.group, bands, settings) for one in free}
    return tuple(
        chosen[candidate.group] if split is None or split == "train" else split
        for candidate, split in zip(candidates, given, strict=True)
    )


def known_split(name: str | None) -> Split | None:
    """Return the split of this name; None where the source gives none."""
    for split in SPLITS:
        if name == split:
            return split
    if name is None:
        return None
    raise DataError(
        f"Expected the splits {', '.join(SPLITS)}; received {name!r}. "
        "Rename the split in the source, or leave it empty to have one chosen."
    )


def bands_of(settings: PreprocessSettings) -> list[Band]:
    """Return where the test and validation splits lie in the hash range; the rest is train."""
    middle = settings.test_share
    end = middle + settings.validation_share
    return [Band("test", 0.0, middle), Band("validation", middle, end)]


def position(group: str, salt: str) -> float:
    """Return where a group lies in [0, 1): the same on every machine, whatever else there is."""
    digest = hashlib.sha256(f"{salt}\0{group}".encode()).digest()
    # 53 bits fill a float exactly: 64 would round the largest values up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def _stable(group: str, bands: Sequence[Band], settings: PreprocessSettings) -> Split:
    place = position(group, settings.split_salt)
    for band in bands:
        if band.start <= place < band.end:
            return band.split
    return "train"


def _exact(
    candidates: Sequence[Candidate], bands: Sequence[Band], settings: PreprocessSettings
) -> dict[str, Split]:
    """Fill each class's splits in the order of the hash, a whole group at a time."""
    sizes = Counter(candidate.group for candidate in candidates)
    strata: dict[str, str] = {}
    for candidate in candidates:
        known = strata.get(candidate.group, candidate.stratum)
        strata[candidate.group] = min(known, candidate.stratum)
    classes: dict[str, list[str]] = defaultdict(list)
    for group in sorted(strata, key=lambda name: (position(name, settings.split_salt), name)):
        classes[strata[group]].append(group)

    result: dict[str, Split] = {}
    for groups in classes.values():
        waiting = list(groups)
        total = sum(sizes[group] for group in groups)
        for band in bands:
            taken, target = 0, _target(band, total, len(groups))
            while waiting and taken < target:
                result[waiting[0]] = band.split
                taken += sizes[waiting.pop(0)]
        result.update(dict.fromkeys(waiting, "train"))
    return result


def _target(band: Band, total: int, num_groups: int) -> int:
    share = band.end - band.start
    if share == 0 or num_groups < SMALLEST_CLASS_TO_SHARE:
        return 0
    return max(1, round(share * total))
