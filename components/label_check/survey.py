"""The whole dataset as the checks see it: one measurement per row, no image bytes."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from components.label_check.features import RowFeatures
from components.label_check.measurement import Measurement, Scores, measure
from components.label_check.near_duplicates.thumbnails import Thumbnails
from sightline.problems import Problem, problem_of
from sightline.stage import log
from sightline.stage.formats.dataset import DatasetInfo, read_examples, read_info
from sightline.stage.parallel import map_ordered


@dataclass(frozen=True)
class Survey:
    """What was measured, in the order of the rows."""

    info: DatasetInfo
    images: Sequence[Measurement]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in their one order."""
        return self.info.classes

    @cached_property
    def problem(self) -> Problem:
        """The kind of problem, which knows how all targets are spread."""
        given = problem_of(self.info.problem, self.info.about)
        learned = given.targets.learn([image.target for image in self.images])
        return problem_of(self.info.problem, {**given.about, **learned})

    def title(self, image: Measurement) -> str:
        """Return what to call an image's target: its labels, or what the kind calls it."""
        return "+".join(sorted(image.labels)) or self.problem.targets.title(image.target)

    def agree(self, one: Measurement, other: Measurement) -> bool:
        """Tell whether the targets of two images of one picture do not contradict each other."""
        return self.problem.targets.agree(one.target, other.target)

    @cached_property
    def scored(self) -> list[tuple[Measurement, Scores]]:
        """The images that could be decoded."""
        return [(image, image.scores) for image in self.images if image.scores is not None]

    def with_one_label(self, left_out: Collection[int]) -> list[tuple[Measurement, Scores]]:
        """Return the decoded images with one label but for some rows."""
        return [
            one for one in self.scored if len(one[0].labels) == 1 and one[0].row not in left_out
        ]

    @property
    def num_unreadable(self) -> int:
        """How many images could not be decoded."""
        return len(self.images) - len(self.scored)

    @cached_property
    def class_counts(self) -> Counter[str]:
        """Images per class; an image with two labels counts for both."""
        return Counter(label for image in self.images for label in image.labels)

    @cached_property
    def split_counts(self) -> Counter[tuple[str, str | None]]:
        """Images per class and split; the split is None where the source gives none."""
        return Counter((label, image.split) for image in self.images for label in image.labels)

    @cached_property
    def splits(self) -> list[str | None]:
        """The splits that occur, in the order train, validation, test, none."""
        found = {image.split for image in self.images}
        order: list[str | None] = ["train", "validation", "test", None]
        return [split for split in order if split in found]

    @cached_property
    def median_size_px(self) -> float:
        """Median over images of the square root of the area."""
        return float(np.median([scores.size_px for _, scores in self.scored] or [0.0]))

    def channel_statistics(self) -> tuple[list[float], list[float]]:
        """Return mean and standard deviation of red, green and blue, 0 to 255.

        Every image weighs the same whatever its size, as it does once images are resized.
        """
        if not self.scored:
            return [], []
        means = np.mean([scores.channel_means for _, scores in self.scored], axis=0)
        squares = np.mean([scores.channel_squares for _, scores in self.scored], axis=0)
        deviations = np.sqrt(np.maximum(squares - means**2, 0))
        return [float(value) for value in means], [float(value) for value in deviations]


def take_survey(
    dataset: Path,
    *,
    workers: int,
    thumbnails: Thumbnails | None = None,
    features: RowFeatures | None = None,
) -> Survey:
    """Decode every image once, in parallel; keep its measurements, and the rest of it on disk."""
    info = read_info(dataset)
    measured = map_ordered(
        partial(
            measure,
            value_range=info.value_range,
            thumbnails=thumbnails is not None,
            columns=info.slices,
            maker=features.maker if features else None,
        ),
        enumerate(read_examples(dataset)),
        workers=workers,
    )
    images = [
        _stored(image, thumbnails, features)
        for image in log.progress(measured, what="images measured", total=info.num_examples)
    ]
    return Survey(info, images)


def _stored(
    image: Measurement, thumbnails: Thumbnails | None, features: RowFeatures | None
) -> Measurement:
    if thumbnails is not None and image.thumbnail:
        thumbnails.add(image.row, image.thumbnail)
    if features is not None and features.maker is not None:
        features.add(image.id, image.features)
    return replace(image, thumbnail=b"", features=None)
