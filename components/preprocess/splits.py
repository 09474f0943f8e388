"""Which image goes to which split.

What an earlier run decided is kept, where it is given. Everything else follows from a hash of the
image's own group. `stable` uses nothing but that hash, so even without the earlier splits more
data never moves an image: if x had one split in dataset A and another in dataset B, it would have
to move in one of them on the way to A and B together. A class then gets its shares up to chance: a
tenth of 200 images is 20, give or take 4. `exact` counts instead and gives each class its shares to
the image; `auto` does so for the classes that chance could leave without a split.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.preprocess.settings import PreprocessSettings
from sightline.ground.errors import DataError
from sightline.stage.formats.assignment import Assignment, protected_most
from sightline.stage.formats.records import SPLITS, Split

SMALLEST_CLASS_TO_SHARE = 3
EMPTY_BY_CHANCE = 0.01
"""A class is small where chance leaves one of its splits empty more often than this."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the split of an image may depend on."""

    group: str
    stratum: str
    """What `exact` splits balance by."""
    given: str | None
    image: str = ""
    """What an earlier run knows the image by: its pixels."""
    labels: tuple[str, ...] = ()
    """Every class that occurs in it."""


@dataclass(frozen=True, slots=True)
class Band:
    """The part [start, end) of the hash range that belongs to a split."""

    split: Split
    start: float
    end: float


def assign_splits(
    candidates: Sequence[Candidate], settings: PreprocessSettings, earlier: Assignment | None = None
) -> tuple[Split, ...]:
    """Return the split of each image, in the order of the images.

    Given splits are honoured, then those of `earlier`. A split that the source does not give at
    all is taken from its training images, and from those without a split.

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
    chosen = {one.group: _stable(one.group, bands, settings) for one in free}
    kept = earlier_splits(free, earlier or Assignment(), bands)
    chosen |= _filled(free, bands, settings, kept)
    chosen |= kept
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


def earlier_splits(
    candidates: Sequence[Candidate], earlier: Assignment, bands: Sequence[Band]
) -> dict[str, Split]:
    """Return the split of every group that had one, by its name or by any of its images.

    Images that became one group go where the one to protect most was. A split that the source
    gives by now, such as test, is the source's alone.
    """
    groups = earlier.by_group()
    open_splits = {"train", *(band.split for band in bands)}
    kept: dict[str, Split] = {}
    for one in candidates:
        _, of_image = earlier.rows.get(one.image, ("", None))
        for split in (groups.get(one.group), of_image):
            if split in open_splits and split is not None:
                kept[one.group] = protected_most(split, kept.get(one.group, split))
    return kept


def is_small(num_groups: int, bands: Sequence[Band]) -> bool:
    """Tell whether chance may well leave a class of this size without one of its splits."""
    shares = [band.end - band.start for band in bands]
    return any((1 - share) ** num_groups > EMPTY_BY_CHANCE for share in shares if share)


def fills_a_class(candidates: Sequence[Candidate], settings: PreprocessSettings) -> bool:
    """Tell whether counts, which later data changes, decide the split of any image."""
    given = {candidate.given for candidate in candidates}
    bands = [band for band in bands_of(settings) if band.split not in given]
    free = [candidate for candidate in candidates if candidate.given in (None, "train")]
    return any(_is_filled(len(groups), bands, settings) for groups in _classes(free, settings))


def _is_filled(num_groups: int, bands: Sequence[Band], settings: PreprocessSettings) -> bool:
    if settings.stratify == "auto":
        return is_small(num_groups, bands)
    return settings.stratify == "exact"


def _classes(candidates: Sequence[Candidate], settings: PreprocessSettings) -> list[list[str]]:
    """Return the groups of each class in the order of the hash."""
    strata: dict[str, str] = {}
    for candidate in candidates:
        known = strata.get(candidate.group, candidate.stratum)
        strata[candidate.group] = min(known, candidate.stratum)
    classes: dict[str, list[str]] = defaultdict(list)
    for group in sorted(strata, key=lambda name: (position(name, settings.split_salt), name)):
        classes[strata[group]].append(group)
    return list(classes.values())


def _filled(
    candidates: Sequence[Candidate],
    bands: Sequence[Band],
    settings: PreprocessSettings,
    kept: Mapping[str, Split],
) -> dict[str, Split]:
    """Fill classes' splits in the order of the hash, a whole group at a time.

    What is kept counts. `auto` fills small classes only, and `stable` none.
    """
    sizes = Counter(candidate.group for candidate in candidates)
    result: dict[str, Split] = {}
    for groups in _classes(candidates, settings):
        if not _is_filled(len(groups), bands, settings):
            continue
        waiting = [group for group in groups if group not in kept]
        total = sum(sizes[group] for group in groups)
        for band in bands:
            taken = sum(sizes[group] for group in groups if kept.get(group) == band.split)
            target = _target(band, total, len(groups))
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
