"""Versions in memory that no process stands behind, for tests of what is live."""

from pathlib import Path
from typing import Any, cast

from sightline.serving.generation import Generation, LoadError
from sightline.serving.versions import Loader


class Opened:
    """What a generation tells, and what was asked of it."""

    def __init__(self, number: int) -> None:
        self.description: dict[str, Any] = {"version": number, "model": "flowers"}
        self.is_retired = False

    def retire(self) -> None:
        self.is_retired = True

    def end(self) -> None:
        self.is_retired = True


def opening(folder: Path) -> Loader:
    """Open a version whose folder may hold the file `broken`."""

    async def load(number: int) -> Generation:
        if (folder / str(number) / "broken").exists():
            raise LoadError(f"version {number} is broken")
        return cast(Generation, Opened(number))

    return load
