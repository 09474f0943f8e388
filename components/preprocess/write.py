"""Decode and resize each image once, and write it into the shards of its split."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from components.preprocess.pixel_statistics import ChannelSums, PixelStatistics, channel_sums
from components.preprocess.png import encode_png
from components.preprocess.settings import PreprocessSettings
from components.preprocess.shuffle import ShuffledRecords
from sightline.ground.errors import DataError
from sightline.ground.source.targets import Target
from sightline.problems.targets import Targets
from sightline.stage.formats.dataset import DatasetInfo, Example, read_examples
from sightline.stage.formats.records import SPLITS, Split
from sightline.stage.imaging.allocation import most_pixels
from sightline.stage.imaging.arrays import Pixels
from sightline.stage.imaging.arrays import preprocess as to_contract
from sightline.stage.imaging.contract import PreprocessingContract, Range
from sightline.stage.imaging.placement import placement
from sightline.stage.log import progress
from sightline.stage.parallel import map_ordered

MOST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an image belongs."""

    split: Split
    group: str
    """What its split hangs on, and its fold later."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An image as received and as the model will see it, for the report."""

    label: str
    before: bytes
    after: Pixels


@dataclass(frozen=True, slots=True)
class Written:
    """What is in the shards."""

    contract: PreprocessingContract
    shards: dict[str, list[str]]
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One image, ready to be written."""

    example: Example
    split: Split
    group: str
    pixels: Pixels
    png: bytes
    target: Target
    sums: ChannelSums


def write_records(
    dataset: Path,
    folder: Path,
    *,
    info: DatasetInfo,
    targets: Targets,
    placed: Sequence[Placed],
    settings: PreprocessSettings,
) -> Written:
    """Write the shards of all splits; `placed` is in the order of the dataset's rows.

    Raises:
        DataError: an image does not decode.
    """
    statistics = PixelStatistics(settings.channels)
    pairs: dict[str, Pair] = {}
    examples = zip(read_examples(dataset), placed, strict=True)
    counts = Counter(one.split for one in placed)
    with ExitStack() as stack:
        writers = {
            split: stack.enter_context(_writer(folder, split, counts[split], settings))
            for split in SPLITS
        }
        prepared = _prepare(examples, targets, settings, info.value_range)
        for one in progress(prepared, what="images", total=len(placed)):
            features = targets.encode(one.target, info.classes)
            writers[one.split].add(
                id=one.example.id, target=features, image=one.png, group=one.group
            )
            label = targets.title(one.target)
            if one.split == "train":
                statistics.add(one.sums)
                if label not in pairs and len(pairs) < MOST_PAIRS:
                    pairs[label] = Pair(label, one.example.image, one.pixels)
    contract = _contract(settings, info.value_range, mean=statistics.mean(), std=statistics.std())
    return Written(
        contract, {split: writers[split].shards for split in SPLITS}, list(pairs.values())
    )


def _writer(
    folder: Path, split: Split, num_images: int, settings: PreprocessSettings
) -> ShuffledRecords:
    shard_bytes = settings.shard_megabytes * 2**20
    expected = num_images * settings.image_size**2 * settings.channels
    num_buckets = max(1, math.ceil(expected / shard_bytes))
    return ShuffledRecords(folder, split, shard_bytes=shard_bytes, num_buckets=num_buckets)


def _prepare(
    examples: Iterable[tuple[Example, Placed]],
    targets: Targets,
    settings: PreprocessSettings,
    value_range: Range | None,
) -> Iterator[Prepared]:
    rules = _contract(settings, value_range, mean=(), std=())

    def prepare(item: tuple[Example, Placed]) -> Prepared:
        example, place = item
        try:
            most = most_pixels(example.width, example.height)
            pixels = to_contract(example.image, rules, max_pixels=most)
        except DataError as error:
            raise DataError(f"{example.uri}: {error}") from error
        png = encode_png(pixels, compress=settings.compress)
        where = placement(example.height, example.width, rules)
        target = targets.move(Target(example.labels, example.target), where)
        return Prepared(
            example, place.split, place.group, pixels, png, target, channel_sums(pixels)
        )

    return map_ordered(prepare, examples, workers=settings.workers)


def _contract(
    settings: PreprocessSettings,
    value_range: Range | None,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> PreprocessingContract:
    return PreprocessingContract(
        image_size=settings.image_size,
        resize_mode=settings.resize_mode,
        crop_scale=settings.crop_scale,
        interpolation=settings.interpolation,
        channels=settings.channels,
        value_range=value_range,
        mean=mean,
        std=std,
    )
