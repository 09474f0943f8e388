"""How many bytes a disk gets back when files go: those that something else links to stay."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Doomed = Mapping[str, Sequence[Path]]
"""Kind of thing -> files and folders of it that are to go."""


def freed_bytes(doomed: Doomed) -> dict[str, int]:
    """Return by kind what the disk gets back; a file with several names counts when all go.

    Links are not followed.
    """
    last_seen: dict[tuple[int, int], tuple[str, os.stat_result]] = {}
    names: dict[tuple[int, int], int] = {}
    for kind, places in doomed.items():
        for status in (found for place in places for found in _files(place)):
            file = (status.st_dev, status.st_ino)
            last_seen.setdefault(file, (kind, status))
            names[file] = names.get(file, 0) + 1
    freed = dict.fromkeys(doomed, 0)
    for file, (kind, status) in last_seen.items():
        if names[file] >= status.st_nlink:
            freed[kind] += status.st_size
    return freed


def _files(place: Path) -> Iterator[os.stat_result]:
    if place.is_symlink() or not place.is_dir():
        yield place.lstat()
        return
    for folder, _, names in os.walk(place):
        for name in names:
            yield Path(folder, name).lstat()
