"""Records of a split: in the order of their ids, whether they fit into memory or not."""

import hashlib
import re
from pathlib import Path

import pytest

from components.preprocess.shuffle import ShuffledRecords
from tests.components.preprocess.preprocessing import raw_records

IDS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(60)]
EDGES = ["0" * 64, "3fffffff" + "f" * 56, "40000000" + "0" * 56, "f" * 64]


def write(folder: Path, ids: list[str], *, shard_bytes: int, num_buckets: int) -> list[str]:
    with ShuffledRecords(
        folder, "train", shard_bytes=shard_bytes, num_buckets=num_buckets
    ) as records:
        for number, identity in enumerate(ids):
            records.add(id=identity, target={"label": number % 2}, image=f"image {number}".encode())
    return records.shards


def read(folder: Path, shards: list[str]) -> list[tuple[str, bytes]]:
    records = [record for name in shards for record in raw_records(folder / name)]
    ids = [re.findall(rb"[0-9a-f]{64}", record) for record in records]
    images = [re.findall(rb"image [0-9]+", record) for record in records]
    return [(found[0].decode(), image[0]) for found, image in zip(ids, images, strict=True)]


@pytest.mark.parametrize("num_buckets", [1, 2, 4])
def test_records_come_in_the_order_of_their_ids(tmp_path: Path, num_buckets: int) -> None:
    ids = [*IDS, *EDGES]

    shards = write(tmp_path, ids, shard_bytes=10**6, num_buckets=num_buckets)

    expected = [(identity, f"image {number}".encode()) for number, identity in enumerate(ids)]
    assert read(tmp_path, shards) == sorted(expected)
    assert shards == ["train-00000.tfrecord"]
    assert [path.name for path in tmp_path.iterdir()] == shards


def test_a_full_shard_is_followed_by_another(tmp_path: Path) -> None:
    shards = write(tmp_path, IDS, shard_bytes=100, num_buckets=3)

    assert len(shards) > 3
    assert shards == sorted(path.name for path in tmp_path.iterdir())
    assert [identity for identity, _ in read(tmp_path, shards)] == sorted(IDS)


@pytest.mark.parametrize("num_buckets", [1, 3])
def test_a_failure_on_the_way_leaves_no_shard(tmp_path: Path, num_buckets: int) -> None:
    with (
        pytest.raises(ValueError, match="on the way"),
        ShuffledRecords(tmp_path, "train", shard_bytes=100, num_buckets=num_buckets) as records,
    ):
        records.add(id=IDS[0], target={"label": 0}, image=b"image")
        raise ValueError("on the way")

    assert records.shards == []
    assert list(tmp_path.glob("*.tfrecord")) == []


def test_a_split_without_images_has_no_shard(tmp_path: Path) -> None:
    assert write(tmp_path, [], shard_bytes=100, num_buckets=1) == []
