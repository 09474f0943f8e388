"""What a machine keeps for all its projects and can make again: converted backbones, features.

It lies in `$SIGHTLINE_CACHE`, else in `sightline` below the user's cache folder. Where nothing can
be written there, everything is made anew each time.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.storage.disk import DiskError
from sightline.ground.storage.files import folder_size, remove, whole
from sightline.ground.storage.locks import lives
from sightline.ground.storage.partial import partial_writer
from sightline.ground.wording import sized

VARIABLE = "SIGHTLINE_CACHE"
OFF = "off"
LONGEST_WRITING_SECONDS = 24 * 3600.0
"""What is older is not being written, whatever has its writer's number now."""


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of this machine's cache; None where it is off or there is no home."""
    given = environment.get(VARIABLE, "")
    if given == OFF:
        return None
    if given:
        return Path(given)
    if base := environment.get("XDG_CACHE_HOME", ""):
        return Path(base) / "sightline"
    home = environment.get("HOME", "")
    return Path(home) / ".cache" / "sightline" if home else None


@dataclass(frozen=True, slots=True)
class MachineCache:
    """One kind of thing in the cache: folders by key, of which those used last are kept."""

    folder: Path | None
    most_bytes: int
    """What all entries together may take; the entry written last stays in any case."""

    def keys(self, beginning: str) -> list[str]:
        """Return the keys that begin so."""
        if self.folder is None:
            return []
        return sorted(path.name for path in self.folder.glob(f"{beginning}*"))

    def find(self, key: str) -> Path | None:
        """Return the folder of an entry, which counts as used now; None where there is none."""
        entry = self._entry(key)
        if entry is None or not entry.is_dir():
            return None
        with suppress(OSError):
            os.utime(entry)
        return entry

    def keep(self, key: str, write: Callable[[Path], object]) -> bool:
        """Have an entry written; tell whether that was possible."""
        entry = self._entry(key)
        if entry is None:
            return False
        try:
            with whole(entry) as partial:
                write(partial)
            self._trim(entry)
        except (OSError, DiskError):
            return False
        return True

    def forget(self, key: str) -> None:
        """Remove an entry, such as a damaged one."""
        if (entry := self._entry(key)) is not None:
            with suppress(OSError):
                remove(entry)

    def _entry(self, key: str) -> Path | None:
        return None if self.folder is None else self.folder / key

    def _trim(self, newest: Path) -> None:
        entries = [path for path in newest.parent.glob("[!.]*") if path != newest]
        used = folder_size(newest)
        for entry in sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True):
            used += folder_size(entry)
            if used > self.most_bytes:
                remove(entry)


def half_written_entries(cache: Path) -> list[Path]:
    """Return what killed processes left in a machine's cache."""
    return sorted(path for path in cache.glob("*/.*.partial*") if _is_left(path))


def contents(cache: Path) -> str:
    """Say what a machine's cache holds, such as `backbones 2 (21.0 MB)`."""
    kinds = sorted(path for path in cache.glob("[!.]*") if path.is_dir())
    held = [
        f"{kind.name} {len(list(kind.glob('[!.]*')))} ({sized(folder_size(kind))})"
        for kind in kinds
    ]
    return ", ".join(held) or "nothing"


def _is_left(path: Path) -> bool:
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:  # just finished
        return False
    writer = partial_writer(path.name)
    return age > LONGEST_WRITING_SECONDS or (writer is not None and not lives(writer))
