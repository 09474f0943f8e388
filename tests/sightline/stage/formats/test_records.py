from pathlib import Path

import numpy as np
import pytest

from sightline.problems import problem_of
from sightline.stage.formats.records import (
    RecordsInfo,
    RecordWriter,
    read_info,
    read_split,
    write_info,
)
from sightline.stage.imaging.contract import PreprocessingContract
from tests.data import encoded, photograph

TARGETS = problem_of("classification").targets
CONTRACT = PreprocessingContract(
    image_size=16,
    resize_mode="squash",
    interpolation="bilinear",
    channels=3,
    mean=(1.0, 2.0, 3.0),
    std=(4.0, 5.0, 6.0),
)


def records(folder: Path, *, shard_bytes: int) -> RecordsInfo:
    with RecordWriter(folder, "train", shard_bytes=shard_bytes) as writer:
        for index in range(6):
            image = encoded(photograph(index, width=16, height=16), "PNG")
            writer.add(image=image, target={"label": index % 2}, id=f"id-{index}")
    info = RecordsInfo(
        features=TARGETS.features,
        classes=("cat", "dog"),
        counts={"train": {"cat": 3, "dog": 3}, "validation": {}, "test": {}},
        contract=CONTRACT,
        shards={"train": writer.shards, "validation": [], "test": []},
        dataset_fingerprint="f",
    )
    write_info(folder, info)
    return info


def test_records_are_described_as_they_were_written(tmp_path: Path) -> None:
    info = records(tmp_path, shard_bytes=1000)

    assert read_info(tmp_path) == info
    assert info.num_images("train") == 6
    assert len(info.shards["train"]) > 1


@pytest.mark.slow
def test_tensorflow_reads_the_same_pixels_in_the_same_order(tmp_path: Path) -> None:
    records(tmp_path, shard_bytes=1000)

    rows = list(read_split(tmp_path, "train", TARGETS).as_numpy_iterator())

    assert [row[2].decode() for row in rows] == [f"id-{index}" for index in range(6)]
    assert [int(row[1]) for row in rows] == [0, 1, 0, 1, 0, 1]
    for index, (image, _, _) in enumerate(rows):
        expected = np.asarray(photograph(index, width=16, height=16))
        np.testing.assert_array_equal(image, expected)


@pytest.mark.slow
def test_an_empty_split_is_an_empty_dataset(tmp_path: Path) -> None:
    records(tmp_path, shard_bytes=10**6)

    assert list(read_split(tmp_path, "test", TARGETS).as_numpy_iterator()) == []
