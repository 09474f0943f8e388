"""The records artifact: TFRecord shards per split and `records.json`, written without TensorFlow.

A record holds `image` (PNG bytes of the contract's square, lossless), `id` (the example's id),
`group` (what no two splits or folds may share) and what the kind of problem says about the image,
such as `label`, the class index.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sightline.ground.errors import DataError
from sightline.ground.problems import FIRST_KIND
from sightline.stage.closing import Closing
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.formats.tfrecord import Features, TFRecordWriter, damage_in
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.tensorflow_import import import_tensorflow
from sightline.stage.timing import writing

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

SCHEMA = "sightline.records"
VERSION = 1
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
IMAGE = {"image": "PNG bytes"}
ID = {
    "id": "SHA-256 of the source file",
    "group": "what its split hangs on: images of one group stay together",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsInfo:
    """What `records.json` says about the records."""

    problem: str = FIRST_KIND
    """The kind of problem that the targets are for."""
    features: dict[str, str]
    """What a record holds beside image and id: name of the feature -> what it is."""
    classes: tuple[str, ...]
    """Class names in their one order."""
    counts: dict[str, dict[str, int]]
    """Per split, images per class, or per part of another kind that splits balance by."""
    class_counts: dict[str, dict[str, int]] | None = None
    """Per split, images in which each class occurs; None where `counts` tell that."""
    contract: PreprocessingContract
    shards: dict[str, list[str]]
    """Per split, the shard files in their order."""
    dataset_fingerprint: str
    about: dict[str, Any] = field(default_factory=dict)
    """What the kind of problem knows of the images together; not written where it is nothing."""

    def num_images(self, split: Split) -> int:
        """Return how many images a split holds."""
        return sum(self.counts[split].values())

    @property
    def all_for_training(self) -> "RecordsInfo":
        """The records as they are to a model that learns from validation images, too."""

        def whole(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
            train, held_out = counts["train"], counts["validation"]
            together = {
                name: train.get(name, 0) + held_out.get(name, 0) for name in train | held_out
            }
            return {**counts, "train": together, "validation": dict.fromkeys(held_out, 0)}

        return replace(
            self,
            counts=whole(self.counts),
            class_counts=whole(self.class_counts) if self.class_counts else None,
        )

    def occurrences(self, split: Split) -> dict[str, int]:
        """Return in how many images of a split each class occurs, or each part of another kind."""
        return (self.class_counts or self.counts)[split]


class RecordWriter(Closing):
    """Write the shards of one split, each of about `shard_bytes`."""

    def __init__(self, folder: Path, split: Split, *, shard_bytes: int) -> None:
        self._folder, self._split, self._shard_bytes = folder, split, shard_bytes
        self._bytes_in_shard = 0
        self._writer: TFRecordWriter | None = None
        self.shards: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, *, image: bytes, target: Features, id: str, group: str = "") -> None:
        """Append one record; without a group it is one of its own."""
        if self._writer is None:
            self.shards.append(f"{self._split}-{len(self.shards):05d}.tfrecord")
            self._writer = TFRecordWriter(self._folder / self.shards[-1])
        with writing():
            self._writer.write(
                {"image": image, **target, "id": id.encode(), "group": (group or id).encode()}
            )
        self._bytes_in_shard += len(image)
        if self._bytes_in_shard >= self._shard_bytes:
            self._close_shard()

    def close(self) -> None:
        self._close_shard()

    def _close_shard(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._bytes_in_shard = None, 0


def write_info(folder: Path, info: RecordsInfo) -> None:
    """Write `records.json`."""
    content: dict[str, Any] = {
        "problem": info.problem,
        "classes": list(info.classes),
        "counts": info.counts,
        **({"class_counts": info.class_counts} if info.class_counts else {}),
        "contract": info.contract.model_dump(mode="json"),
        "shards": info.shards,
        "features": {**IMAGE, **info.features, **ID},
        "dataset_fingerprint": info.dataset_fingerprint,
        **({"about": info.about} if info.about else {}),
    }
    write_document(folder / "records.json", SCHEMA, VERSION, content)


def read_info(folder: Path) -> RecordsInfo:
    """Read `records.json`.

    Raises:
        DataError: there is none, or it has another schema version.
    """
    document = read_document(folder / "records.json", SCHEMA, VERSION)
    features = document["features"].items()
    return RecordsInfo(
        problem=document.get("problem", FIRST_KIND),
        features={name: text for name, text in features if name not in {**IMAGE, **ID}},
        classes=tuple(document["classes"]),
        counts=document["counts"],
        class_counts=document.get("class_counts"),
        contract=PreprocessingContract.model_validate(document["contract"]),
        shards=document["shards"],
        dataset_fingerprint=document["dataset_fingerprint"],
        about=document.get("about", {}),
    )


@contextmanager
def damage_named(folder: Path) -> Iterator[None]:
    """Say which file of the records is damaged, where TensorFlow finds that one is.

    Raises:
        DataError: a file's bytes have changed since preprocess wrote them.
    """
    try:
        yield
    except Exception as error:
        # By its name: this module is imported without TensorFlow.
        if type(error).__name__ != "DataLossError":
            raise
        for name in (name for names in read_info(folder).shards.values() for name in names):
            if damage := damage_in(folder / name):
                raise DataError(
                    f"{folder / name}: expected the records that preprocess wrote; {damage}. "
                    "Run preprocess again: sightline run --from preprocess."
                ) from error
        raise


class TargetParser(Protocol):
    """How TensorFlow reads what records hold beside image and id."""

    def parsing(self) -> dict[str, Any]: ...

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any: ...


def read_split(
    folder: Path,
    split: Split | tuple[Split, ...],
    targets: TargetParser,
    *,
    ordered: bool = True,
    kept: "np.ndarray[Any, Any] | None" = None,
) -> "tf.data.Dataset":
    """Read one split as a dataset of (image uint8 [s, s, c], target, id string).

    Args:
        folder: a records artifact.
        split: which split, or several one after another; `test` is for evaluate only.
        targets: reads the target, such as a class index int64.
        ordered: keep the order of the records; False lets shards interleave for speed.
        kept: which records to read, by their place, bool [n]; all where it is None.
    """
    import_tensorflow()
    import tensorflow as tf

    info = read_info(folder)
    side, channels = info.contract.image_size, info.contract.channels
    features = {
        "image": tf.io.FixedLenFeature([], tf.string),
        **targets.parsing(),
        "id": tf.io.FixedLenFeature([], tf.string),
    }

    def parse(record: Any) -> tuple[Any, Any, Any]:
        example = tf.io.parse_single_example(record, features)
        image = tf.io.decode_png(example["image"], channels=channels)
        image = tf.ensure_shape(image, (side, side, channels))
        return image, targets.decode(example, info), example["id"]

    splits = (split,) if isinstance(split, str) else split
    files: Sequence[str] = [str(folder / name) for one in splits for name in info.shards[one]]
    records = tf.data.TFRecordDataset(files)
    if kept is not None:
        # Before they are decoded, which is what costs.
        wanted = tf.constant(kept)
        records = records.enumerate().filter(lambda at, _: wanted[at]).map(lambda _, one: one)
    return records.map(parse, num_parallel_calls=tf.data.AUTOTUNE, deterministic=ordered)


def read_targets(folder: Path, split: Split, targets: TargetParser) -> "tf.data.Dataset":
    """Read one split as a dataset of (target, id, group), in order, without decoding its images.

    The group is empty in records that were written before they had any.
    """
    import_tensorflow()
    import tensorflow as tf

    info = read_info(folder)
    features = {
        **targets.parsing(),
        "id": tf.io.FixedLenFeature([], tf.string),
        "group": tf.io.FixedLenFeature([], tf.string, default_value=""),
    }

    def parse(record: Any) -> tuple[Any, Any, Any]:
        example = tf.io.parse_single_example(record, features)
        return targets.decode(example, info), example["id"], example["group"]

    files: Sequence[str] = [str(folder / name) for name in info.shards[split]]
    return tf.data.TFRecordDataset(files).map(parse, num_parallel_calls=tf.data.AUTOTUNE)


def groups_in(ids: Sequence[bytes], groups: Sequence[bytes]) -> list[str]:
    """Return what no two folds may share; an image of older records is a group of its own."""
    return [(group or id).decode() for id, group in zip(ids, groups, strict=True)]
