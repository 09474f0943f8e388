"""What a check of a dataset found, or why it could not run."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in the dataset that a person should know before training on it."""

    severity: Severity
    title: str
    """One sentence with the numbers in it."""
    remedy: str
    rows: tuple[int, ...] = ()
    """The images concerned, the most telling ones first."""
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """A few words per image in `rows`, such as its score; empty or as long as `rows`."""
    paired: bool = False
    """Rows come in pairs, to be shown side by side."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """Why a check could not run."""

    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one check."""

    check: str
    finding: Finding | None = None
    not_run: NotRun | None = None
