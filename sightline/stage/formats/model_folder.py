"""The versions of a model folder of this machine, for whoever answers with one of them.

Which folders are versions, and which is live, stands in `sightline.ground.models.model_folder`;
what changes them in `sightline.stage.registry`. Nothing here imports TensorFlow.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import live_number, version_numbers, version_place
from sightline.ground.wording import counted
from sightline.stage import log
from sightline.stage.formats.bundle import read_info, read_sound
from sightline.stage.registry.log import LogEntry, live_since, read_log, tolerance_of

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version that is, or could be, live."""

    number: int
    folder: Path
    bundle_digest: str
    model_sha256: str
    model_name: str
    live_since: str
    """When it last became the live version, ISO 8601 in UTC."""


def live_version(folder: Path) -> Version | None:
    """Return the live version, as TensorFlow Serving chooses it; None if there is none."""
    number = live_number(folder)
    return None if number is None else read_version(folder, number)


def newest_sound(folder: Path) -> tuple[Version | None, dict[int, str]]:
    """Return the newest version whose files are whole, and why each one above it is not."""
    numbers = version_numbers(folder)
    sound, damaged = newest_whole(numbers, lambda number: read_sound(folder / str(number)))
    return read_version(folder, sound[0]) if sound else None, damaged


def newest_whole(
    numbers: Iterable[int], look: Callable[[int], Found]
) -> tuple[tuple[int, Found] | None, dict[int, str]]:
    """Return the first version that is whole with what was found, and why each before it is not.

    Args:
        numbers: versions, newest first.
        look: raises a `DataError` where a version is not whole.
    """
    damaged: dict[int, str] = {}
    for number in numbers:
        try:
            return (number, look(number)), damaged
        except DataError as error:
            damaged[number] = str(error)
    return None, damaged


def none_whole(folder: object, damaged: Mapping[int, str]) -> DataError:
    """Return what to say of a folder whose every version is damaged."""
    first, why = next(iter(damaged.items()))
    there = counted(len(damaged), "version")
    return DataError(
        f"{folder}: expected a version that is whole; {there} in it, all damaged. "
        f"Version {first}: {why}"
    )


def tell_left(damaged: Mapping[int, str]) -> None:
    """Warn of versions that were not brought from a store."""
    for number, reason in damaged.items():
        log.warning(f"Version {number} is not whole and was left where it is: {reason}")


def golden_tolerance(folder: Path, number: int) -> float:
    """Return how far the golden answers of a version may differ: as far as its deployment said."""
    log: list[LogEntry] = []
    with suppress(DataError):  # whoever changes it says so; a whole version answers
        log = read_log(folder)
    return tolerance_of(log, number)


def read_version(folder: Path, number: int) -> Version:
    """Return what is known about one version.

    Raises:
        DataError: its `bundle.json` is missing or has another schema version.
    """
    place = version_place(folder, number)
    info = read_info(place)
    changed = datetime.fromtimestamp(place.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return Version(
        number=number,
        folder=place,
        bundle_digest=info.digest,
        model_sha256=info.model_sha256,
        model_name=info.model_name,
        # A deployment that was killed between its rename and its line in the log has no entry.
        live_since=live_since(read_log(folder), number) or changed,
    )
