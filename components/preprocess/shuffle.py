"""Write records in an order that mixes classes and does not depend on the order of reading."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sightline.stage.formats.records import RecordWriter, Split
from sightline.stage.formats.tfrecord import Features, FeatureValue
from sightline.stage.timing import writing

Record = tuple[str, Features, bytes, str]
"""The id, the features of the target, the PNG bytes and the group."""

ID_DIGITS = 8


class ShuffledRecords:
    """Collect the records of one split and write them in the order of their ids.

    An id is a SHA-256, so its order is a shuffle that every machine agrees on. What does not fit
    into one shard waits in bucket files, so memory holds one shard at most.
    """

    def __init__(self, folder: Path, split: Split, *, shard_bytes: int, num_buckets: int) -> None:
        self._folder, self._split, self._shard_bytes = folder, split, shard_bytes
        self._paths = [folder / f".{split}-{index:05d}.bucket" for index in range(num_buckets)]
        self._waiting: list[Record] = []
        self._buckets: list[IO[bytes]] = []
        self.shards: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        if len(self._paths) > 1:
            self._buckets = [path.open("wb") for path in self._paths]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for bucket in self._buckets:
            bucket.close()
        if error is None:
            self._write()

    def add(self, *, id: str, target: Features, image: bytes, group: str = "") -> None:
        """Collect one record."""
        if not self._buckets:
            self._waiting.append((id, target, image, group))
            return
        share = int(id[:ID_DIGITS], 16) / 16**ID_DIGITS
        with writing():
            pickle.dump((id, target, image, group), self._buckets[int(share * len(self._buckets))])

    def _write(self) -> None:
        with RecordWriter(self._folder, self._split, shard_bytes=self._shard_bytes) as writer:
            for records in self._parts():
                for id, target, image, group in sorted(records, key=_order):
                    writer.add(image=image, target=target, id=id, group=group)
            self.shards = writer.shards

    def _parts(self) -> Iterator[list[Record]]:
        if not self._buckets:
            yield self._waiting
            return
        for path in self._paths:
            yield list(_read(path))
            path.unlink()


def _order(record: Record) -> tuple[str, list[tuple[str, FeatureValue]]]:
    # An image that is there twice has its targets in an order of their own.
    return record[0], sorted(record[1].items())


def _read(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)
