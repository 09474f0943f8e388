"""Samples on disk: whole shards, bounded together."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sightline.ground.errors import DataError
from sightline.stage.formats.samples import Sample, SampleWriter, read_samples

START = datetime(2026, 11, 1, tzinfo=UTC)


def sample(number: int, *, image: bytes | None = None) -> Sample:
    return Sample(
        time=START + timedelta(seconds=number),
        version=1,
        request_id=f"r{number}",
        id="0" * 64,
        embedding=np.full(4, number, np.float32),
        outputs={"boxes": np.arange(6, dtype=np.float32).reshape(2, 3)},
        image=image,
    )


def writer(folder: Path, **options: float) -> SampleWriter:
    bounds = {"max_bytes": 1 << 30, "shard_bytes": 1 << 30, "shard_seconds": 3600.0, **options}
    return SampleWriter(folder=folder, **bounds)  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with writer(tmp_path) as opened:
        opened.add(sample(1, image=b"x"))
        opened.add(sample(2))

    first, second = read_samples(tmp_path)

    assert (first.time, first.image, first.request_id) == (START + timedelta(seconds=1), b"x", "r1")
    assert first.outputs["boxes"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert second.embedding is not None
    assert second.embedding.tolist() == [2, 2, 2, 2]
    assert (second.image, opened.written) == (None, 2)


def test_samples_since_a_time_and_some_columns_can_be_read(tmp_path: Path) -> None:
    with writer(tmp_path) as opened:
        for number in range(5):
            opened.add(sample(number))

    since = START + timedelta(seconds=3)
    found = list(read_samples(tmp_path, since=since, columns=["embedding"]))

    assert [one.request_id for one in found] == ["r3", "r4"]
    assert found[0].embedding is not None
    assert found[0].outputs == {}


def test_a_shard_appears_once_it_is_whole(tmp_path: Path) -> None:
    with writer(tmp_path) as opened:
        for number in range(300):
            opened.add(sample(number))

        assert list(read_samples(tmp_path)) == []

    assert len(list(read_samples(tmp_path))) == 300


def test_a_shard_that_is_old_is_finished(tmp_path: Path) -> None:
    with writer(tmp_path, shard_seconds=0.0) as opened:
        opened.add(sample(1))

        assert len(list(read_samples(tmp_path))) == 1


def test_the_oldest_shards_make_room(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    with writer(tmp_path, max_bytes=10 << 20, shard_bytes=2 << 20) as opened:
        for number in range(100):
            opened.add(sample(number, image=chance.bytes(1 << 18)))

    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    numbers = [int(one.request_id[1:]) for one in read_samples(tmp_path)]
    assert 5 << 20 < size <= 10 << 20
    assert numbers == list(range(100))[-len(numbers) :]


def test_what_the_disk_does_not_take_is_counted(tmp_path: Path) -> None:
    with writer(tmp_path) as opened:
        for number in range(250):
            opened.add(sample(number))
        opened.discard()
        opened.add(sample(1))

    assert (opened.written, opened.lost) == (1, 250)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    with writer(tmp_path) as opened:
        opened.add(sample(1))
    (shard,) = tmp_path.iterdir()
    content = bytearray(shard.read_bytes())
    content[20] ^= 255
    shard.write_bytes(content)

    with pytest.raises(DataError, match="received a damaged one"):
        list(read_samples(tmp_path))


def test_another_table_is_no_shard_of_samples(tmp_path: Path) -> None:
    pq.write_table(pa.table({"time": [1]}), tmp_path / "samples-1.parquet")

    with pytest.raises(DataError, match=r"expected sightline\.samples version 1"):
        list(read_samples(tmp_path))
