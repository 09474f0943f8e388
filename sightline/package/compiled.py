"""A package: what a pipeline is compiled into."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A compiled pipeline as a target takes it."""

    path: Path
    name: str
    """Name that the target shows: the project's."""
    version: str
    """Version of Sightline and hash of the content, such as `0.1.0-3f2a9c01b7de`."""
