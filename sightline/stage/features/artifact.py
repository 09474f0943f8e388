"""The features artifact: what a backbone sees in each image, as `.npy` shards beside the ids.

`features-00000.npy` and its followers hold float32 [n, d], `ids.npy` the ids of all images in the
same order as text of fixed length, `features.json` which backbone and which pixels they are of.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sightline.ground.errors import DataError, one_line, shorten
from sightline.ground.storage.digests import content_digest
from sightline.stage.features.extractor import ExtractorInfo, document_of, info_from
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.imaging.arrays import Floats
from sightline.stage.imaging.contract import Geometry
from sightline.stage.timing import writing

SCHEMA = "sightline.features"
VERSION = 1
DOCUMENT = "features.json"
IDS_FILE = "ids.npy"
SHARD_BYTES = 2**27


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesInfo:
    """What `features.json` says."""

    reason: str = ""
    """Why there are none, in a sentence; empty where there are."""
    extractor: ExtractorInfo
    """What they were computed with; its geometry says of which pixels."""
    num_images: int = 0
    files: dict[str, str]
    """SHA-256 of every file, by name; the shards in their order, then the ids."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the extractor's model: features of equal ones are comparable."""
        return self.extractor.sha256


def write_no_features(folder: Path, extractor: ExtractorInfo, reason: str) -> FeaturesInfo:
    """Write an artifact that says why there are no features."""
    return _write_info(folder, FeaturesInfo(reason=reason, extractor=extractor, files={}))


def write_features(
    folder: Path,
    extractor: ExtractorInfo,
    *,
    geometry: Geometry,
    ids: Sequence[str],
    features: Iterable[Floats],
    shard_bytes: int = SHARD_BYTES,
) -> FeaturesInfo:
    """Write the features of images, float32 [d] each, in the order of their ids."""
    folder.mkdir(parents=True, exist_ok=True)
    rows_per_shard = max(1, shard_bytes // (4 * extractor.num_features))
    names: list[str] = []
    waiting = iter(features)
    for start in range(0, len(ids), rows_per_shard):
        count = min(rows_per_shard, len(ids) - start)
        names.append(f"features-{len(names):05d}.npy")
        shape = (count, extractor.num_features)
        with writing():
            shard = np.lib.format.open_memmap(
                folder / names[-1], mode="w+", dtype=np.float32, shape=shape
            )
            for row in range(count):
                shard[row] = next(waiting)
            shard.flush()
            del shard
    with writing():
        np.save(folder / IDS_FILE, np.array(list(ids), dtype=np.bytes_))
    return _write_info(
        folder,
        FeaturesInfo(
            extractor=info_from({**document_of(extractor), "geometry": geometry}),
            num_images=len(ids),
            files={name: content_digest(folder / name) for name in (*names, IDS_FILE)},
        ),
    )


def read_info(folder: Path) -> FeaturesInfo:
    """Read `features.json`.

    Raises:
        DataError: there is none, it has another schema version, or was changed.
    """
    document = read_document(folder / DOCUMENT, SCHEMA, VERSION)
    return FeaturesInfo(
        reason=document["reason"],
        extractor=info_from(document["extractor"]),
        num_images=document["num_images"],
        files=document["files"],
    )


class Features:
    """Features that were read: mapped from their files, found by the ids of images.

    A shard is held against its hash when something of it is read for the first time: a cache has
    gigabytes of which a run may need none.
    """

    def __init__(self, folder: Path) -> None:
        """Open the artifact.

        Raises:
            DataError: the ids are missing or changed, or the artifact says that there are none.
        """
        self.info = read_info(folder)
        if self.info.reason:
            raise DataError(f"{folder}: expected features, received none: {self.info.reason}")
        *self._shards, ids = self.info.files
        self._ids = _checked(folder / ids, self.info.files[ids])
        self._opened: dict[str, Any] = {}
        self._opening = threading.Lock()
        self._folder = folder

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: str) -> bool:
        return id in self._rows

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the images, in the order of the rows."""
        return tuple(id.decode() for id in self._ids)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that have no features."""
        return [id for id in ids if id not in self._rows]

    def of(self, ids: Sequence[str]) -> Floats:
        """Return float32 [ids, d].

        Raises:
            DataError: an image has no features, or the file that holds them was changed.
        """
        if missing := self.missing(ids):
            raise DataError(
                f"{self._folder}: expected features of every image; {len(missing):,} have none "
                f"({shorten(missing)}). Pass what label_check wrote beside this dataset."
            )
        found = np.empty((len(ids), self.info.extractor.num_features), np.float32)
        rows = np.array([self._rows[id] for id in ids], dtype=np.int64)
        places, starts = np.divmod(rows, self._rows_per_shard)
        for place in np.unique(places):
            inside = places == place
            found[inside] = self._shard(self._shards[place])[starts[inside]]
        return found

    @cached_property
    def _rows_per_shard(self) -> int:
        """All shards but the last hold as many."""
        if len(self._shards) == 1:
            return len(self._ids)
        return len(self._shard(self._shards[0]))

    def _shard(self, name: str) -> Any:
        with self._opening:
            if name not in self._opened:
                self._opened[name] = _checked(self._folder / name, self.info.files[name])
            return self._opened[name]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id.decode(): row for row, id in enumerate(self._ids)}


def _write_info(folder: Path, info: FeaturesInfo) -> FeaturesInfo:
    content = {
        "reason": info.reason,
        "extractor": document_of(info.extractor),
        "num_images": info.num_images,
        "files": info.files,
    }
    write_document(folder / DOCUMENT, SCHEMA, VERSION, content, sealed=True)
    return info


def _checked(path: Path, expected: str) -> Any:
    found = content_digest(path) if path.is_file() else "no file"
    if found != expected:
        raise DataError(
            f"{path}: expected the file with SHA-256 {expected[:12]}, which {DOCUMENT} names; "
            f"received {found[:12]}. Run label_check again."
        )
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise DataError(
            f"{path}: expected a NumPy file; {one_line(error)}. Run label_check again."
        ) from error
