"""What became of a dataset: images that came, went, or have another label or split by now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from sightline.ground.history.feature_figures import features_shift, incomparable
from sightline.ground.history.measurements import MEASUREMENTS, OUTLINES
from sightline.ground.history.shift import Shift, quantiles_shift, shares_shift, values_shift
from sightline.runs.datasets.rows import DatasetRows, Seen

UNKNOWN = frozenset({""})
FEATURES = "what a backbone sees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One image; `before` and `after` are its labels or splits."""

    id: str
    uri: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Images of one class or kind of file on both sides."""

    name: str
    before: int
    after: int
    share_before: float
    share_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Shares or a measurement on both sides, and whether chance explains the difference."""

    name: str
    before: float | None
    """The median; None for shares."""
    after: float | None
    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDiff:
    """One dataset held against another; images are known by their bytes, not by their names."""

    before: str
    after: str
    num_before: int
    num_after: int
    num_unchanged: int
    """Images with the same labels and splits."""
    num_copies_before: int
    num_copies_after: int
    added: tuple[Changed, ...]
    removed: tuple[Changed, ...]
    relabelled: tuple[Changed, ...]
    resplit: tuple[Changed, ...]
    classes: tuple[Count, ...]
    kinds: tuple[Count, ...]
    moved: tuple[Moved, ...]
    not_compared: dict[str, str]
    """Name of what was not held against each other -> why."""
    corrections: dict[str, int]
    """What `ingest.corrections` did to the second."""

    def facts(self) -> dict[str, Any]:
        """Return what programs get."""
        return asdict(self)


def diff(before: DatasetRows, after: DatasetRows) -> DatasetDiff:
    """Hold a dataset against an earlier one."""
    old, new = before.images, after.images
    both = [(key, old[key], seen) for key, seen in new.items() if key in old]
    return DatasetDiff(
        before=before.title,
        after=after.title,
        num_before=before.num_rows,
        num_after=after.num_rows,
        num_unchanged=sum(a.labels == b.labels and not _moved_split(a, b) for _, a, b in both),
        num_copies_before=before.num_rows - len(old),
        num_copies_after=after.num_rows - len(new),
        added=tuple(
            _changed(key, seen, "", _text(seen.labels))
            for key, seen in new.items()
            if key not in old
        ),
        removed=tuple(
            _changed(key, seen, _text(seen.labels), "")
            for key, seen in old.items()
            if key not in new
        ),
        relabelled=tuple(
            _changed(key, b, _text(a.labels), _text(b.labels))
            for key, a, b in both
            if a.labels != b.labels
        ),
        resplit=tuple(
            _changed(key, b, _text(a.splits), _text(b.splits))
            for key, a, b in both
            if _moved_split(a, b)
        ),
        classes=_counts(before.classes, after.classes),
        kinds=_counts(before.kinds, after.kinds),
        moved=tuple(_moved(before, after)),
        not_compared=_not_compared(before, after),
        corrections=after.corrections,
    )


def _moved_split(before: Seen, after: Seen) -> bool:
    # A run that ended before preprocess gave no splits, which says nothing of them.
    return before.splits != after.splits and UNKNOWN not in (before.splits, after.splits)


def _changed(key: bytes, seen: Seen, before: str, after: str) -> Changed:
    return Changed(id=key.hex(), uri=seen.uri, before=before, after=after)


def _text(words: frozenset[str]) -> str:
    return " and ".join(sorted(word or "none" for word in words))


def _counts(before: Counter[str], after: Counter[str]) -> tuple[Count, ...]:
    """Return the counts, those first whose share changed most."""
    old, new = max(before.total(), 1), max(after.total(), 1)
    counts = [
        Count(
            name=name,
            before=before[name],
            after=after[name],
            share_before=before[name] / old,
            share_after=after[name] / new,
        )
        for name in sorted({**before, **after})
    ]
    return tuple(sorted(counts, key=lambda one: -abs(one.share_after - one.share_before)))


def _moved(before: DatasetRows, after: DatasetRows) -> list[Moved]:
    shares = [
        Moved(name=name, before=None, after=None, shift=shares_shift(one, other))
        for name, one, other in (
            ("classes", before.classes, after.classes),
            ("kinds of file", before.kinds, after.kinds),
        )
    ]
    values = [
        Moved(
            name=name,
            before=median(old) if old else None,
            after=median(new) if new else None,
            shift=values_shift(old, new),
        )
        for name, old in before.values.items()
        for new in [after.values[name]]
    ]
    return [*shares, *values, *_looks_moved(before, after)]


def _looks_moved(before: DatasetRows, after: DatasetRows) -> Iterator[Moved]:
    """Hold against each other what label check measured on both sides."""
    for name in MEASUREMENTS:
        old, new = before.quantiles.get(name), after.quantiles.get(name)
        if name in OUTLINES or not old or not new:
            continue
        yield Moved(
            name=name,
            before=median(old),
            after=median(new),
            shift=quantiles_shift(old, before.num_rows, new, after.num_rows),
        )
    old_figures, new_figures = before.features, after.features
    if old_figures and new_figures and not incomparable(old_figures, new_figures):
        shift = features_shift(old_figures, new_figures)
        yield Moved(name=FEATURES, before=None, after=None, shift=shift)


def _not_compared(before: DatasetRows, after: DatasetRows) -> dict[str, str]:
    without = [side.title for side in (before, after) if not side.quantiles]
    if without:
        reason = f"Label check measured nothing of {' and '.join(without)}."
        return {**{name: reason for name in MEASUREMENTS if name not in OUTLINES}, FEATURES: reason}
    reason = incomparable(before.features, after.features)
    return {FEATURES: reason} if reason else {}
