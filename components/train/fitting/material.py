"""What a training learns from, what it is told by, and what it is judged on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from components.train.fitting.examples import InMemory, OnDisk, Source, held, image_source
from components.train.fitting.features import FeatureSource
from sightline.problems import problem_of
from sightline.stage.folds import Whole, kinds_of
from sightline.stage.formats.records import RecordsInfo, Split, groups_in, read_targets

Part = Literal["train", "validation", "judged"]
LEARNED_FROM: tuple[Split, ...] = ("train", "validation")
"""The splits that training may see, in the order of a pool's rows."""


class Material(Protocol):
    """Images by the part that they have in a training."""

    def count(self, part: Part) -> int:
        """Return how many there are."""
        ...

    def images(self, part: Part) -> Source:
        """Return the images, in memory where they fit."""
        ...

    def on_disk(self, part: Part) -> OnDisk:
        """Return the images as they are read each time."""
        ...

    def features(self, source: FeatureSource, part: Part) -> InMemory:
        """Return the features of the images."""
        ...


class OfSplits:
    """The training and the validation split as preprocess made them; the latter judges, too."""

    def __init__(self, records: Path, info: RecordsInfo) -> None:
        self._records, self._info = records, info

    def count(self, part: Part) -> int:
        return self._info.num_images(_split(part))

    def images(self, part: Part) -> Source:
        return image_source(self._records, self._info, _split(part))

    def on_disk(self, part: Part) -> OnDisk:
        return OnDisk(self._records, _split(part), self.count(part))

    def features(self, source: FeatureSource, part: Part) -> InMemory:
        return source.of_split(self._records, self._info, _split(part))


@dataclass
class Pool:
    """All that training may see: the training images, and behind them the validation ones."""

    records: Path
    info: RecordsInfo
    _features: tuple[FeatureSource, InMemory] | None = None

    @cached_property
    def _told(self) -> tuple[np.ndarray[Any, Any], list[str], list[str], bool]:
        problem = problem_of(self.info.problem, self.info.about)
        found = [
            one
            for split in self.splits
            for one in read_targets(self.records, split, problem.targets).as_numpy_iterator()
        ]
        targets, ids, groups = zip(*found, strict=True)
        named = [one.decode() for one in ids]
        return np.stack(targets), named, groups_in(ids, groups), all(groups)

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that hold images."""
        return tuple(split for split in LEARNED_FROM if self.info.num_images(split))

    @property
    def targets(self) -> np.ndarray[Any, Any]:
        """What is to be learned of each image [n, ...]."""
        return self._told[0]

    @property
    def ids(self) -> list[str]:
        return self._told[1]

    @property
    def groups(self) -> list[str]:
        """What no two folds may share."""
        return self._told[2]

    @property
    def has_groups(self) -> bool:
        """Whether the records name them, as those of earlier versions do not."""
        return self._told[3]

    @cached_property
    def kinds(self) -> Whole:
        """What every fold should have its share of."""
        return kinds_of(self.targets)

    @property
    def whole(self) -> "OfRows":
        """All of them to learn from, and none to be told by."""
        none = np.zeros(0, np.int64)
        return OfRows(self, {"train": np.arange(len(self.ids)), "validation": none, "judged": none})

    def features(self, source: FeatureSource) -> InMemory:
        """Return the features of all images; those of one source are put together once."""
        if self._features is None or self._features[0] is not source:
            parts = [source.of_split(self.records, self.info, split) for split in self.splits]
            self._features = source, _joined(parts)
        return self._features[1]


@dataclass(frozen=True)
class OfRows:
    """Some images of a pool."""

    pool: Pool
    rows: Mapping[Part, Whole]

    def count(self, part: Part) -> int:
        return len(self.rows[part])

    def images(self, part: Part) -> Source:
        return held(self.on_disk(part), self.pool.info)

    def on_disk(self, part: Part) -> OnDisk:
        kept = np.zeros(len(self.pool.ids), bool)
        kept[self.rows[part]] = True
        return OnDisk(self.pool.records, self.pool.splits, self.count(part), kept=kept)

    def features(self, source: FeatureSource, part: Part) -> InMemory:
        return self.pool.features(source).of_rows(self.rows[part], viewed=part == "train")


def _split(part: Part) -> Split:
    return "train" if part == "train" else "validation"


def _joined(parts: list[InMemory]) -> InMemory:
    """Put splits together: first all images as they are, then each view of all of them."""
    if len(parts) == 1:
        return parts[0]
    views = parts[0].views
    shaped = [
        one.inputs.reshape(1 + views, one.num_examples, *one.inputs.shape[1:]) for one in parts
    ]
    inputs = np.concatenate(shaped, axis=1)
    groups = [one.groups for one in parts if one.groups is not None]
    return InMemory(
        inputs.reshape(-1, *inputs.shape[2:]),
        np.concatenate([one.targets for one in parts]),
        views,
        np.concatenate(groups) if len(groups) == len(parts) else None,
    )
