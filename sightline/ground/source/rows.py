"""What a reader yields for each image that the source names, and how words are read."""

import difflib
from dataclasses import dataclass, field

from sightline.ground.errors import shorten
from sightline.ground.source.files import Files, printable
from sightline.ground.source.refusals import (
    INVALID_LABEL,
    MISSING_LABEL,
    NOT_A_NUMBER,
    UNKNOWN_LABEL,
    UNKNOWN_SPLIT,
    UNSAFE_PATH,
    Refusal,
    RefusedError,
)
from sightline.ground.source.targets import Target
from sightline.ground.source.words import NULL_WORDS

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
NAMES_NO_CLASS = (MISSING_LABEL, INVALID_LABEL, UNKNOWN_LABEL, NOT_A_NUMBER, UNSAFE_PATH)
"""What is wrong with a label, or with the path that gives it."""
NO_SPLIT_WORDS = frozenset(("", "unassigned", "none", *(word.lower() for word in NULL_WORDS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One image that the source names, before its bytes are read."""

    files: Files
    path: str
    """What `files` calls the image."""
    location: str
    """What the source calls the image."""
    row: int | None = None
    target: Target
    split: str | None = None
    group: str = ""
    slices: dict[str, str] = field(default_factory=dict)

    def refused(self, error: RefusedError) -> Refusal:
        """Return the quarantine row of this image."""
        return Refusal(
            location=printable(self.location),
            row=self.row,
            label="; ".join(self.target.labels),
            reason=error.reason,
            detail=error.detail,
            remedy=error.remedy,
            classes=()
            if error.reason in NAMES_NO_CLASS
            else tuple(filter(None, self.target.labels)),
        )


def check_classes(labels: tuple[str, ...], classes: tuple[str, ...]) -> None:
    """Refuse labels that are not among `classes`, naming the nearest; none bound nothing.

    Raises:
        RefusedError: a label is not among them.
    """
    for label in labels:
        if classes and label not in classes:
            near = difflib.get_close_matches(label, classes, n=1, cutoff=0.5)
            guess = f"nearest is {near[0]!r}" if near else f"known are {shorten(list(classes))}"
            raise RefusedError(UNKNOWN_LABEL, f"{label!r}, {guess}")


def read_split(word: str) -> str | None:
    """Return train, validation or test for the word that a source uses, or None for no split.

    Raises:
        RefusedError: the word is none that we know.
    """
    key = word.strip().lower()
    if key in NO_SPLIT_WORDS:
        return None
    if key not in SPLIT_WORDS:
        raise RefusedError(UNKNOWN_SPLIT, repr(word))
    return SPLIT_WORDS[key]
