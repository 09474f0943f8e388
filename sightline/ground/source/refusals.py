"""Why a row of the source cannot be used, in words that a person can act on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sightline.ground.storage.redaction import redact_words


@dataclass(frozen=True, slots=True)
class Reason:
    """A kind of refusal: its name, what was expected instead, what to do about it."""

    name: str
    expected: str
    remedy: str


EMPTY = Reason(
    "empty file", "an image file with bytes in it", "Copy the file again from where it came from."
)
TRUNCATED = Reason(
    "truncated image", "a whole image file", "Copy or download the file again, then run again."
)
DAMAGED = Reason(
    "damaged image", "an image file that decodes", "Export the image again as JPEG or PNG."
)
ENDS_ITS_DECODER = Reason(
    "ends its decoder",
    "an image file that a decoder survives",
    "Export the image again as JPEG or PNG, or remove it from the source.",
)
NOT_AN_IMAGE = Reason(
    "not an image",
    "a JPEG, PNG, GIF, BMP, WebP, TIFF or PPM file",
    "Convert the file to JPEG or PNG, or remove it from the source.",
)
TOO_MANY_PIXELS = Reason(
    "too many pixels",
    "an image within ingest.max_megapixels",
    "Make the image smaller, or raise ingest.max_megapixels.",
)
TOO_MANY_BYTES = Reason(
    "too many bytes",
    "a file no larger than the largest accepted image without compression",
    "Remove the file, or raise ingest.max_megapixels.",
)
UNREADABLE = Reason(
    "unreadable file",
    "a file that this user may read",
    "Correct the path or its permissions, then run again.",
)
DOWNLOAD_FAILED = Reason(
    "download failed",
    "a whole file from the server",
    "Look whether the server answers for this address, then run again.",
)
FORBIDDEN_HOST = Reason(
    "forbidden host",
    "a server that everybody can reach, or the one that the table came from",
    "If you trust who wrote the addresses, set ingest.table_hosts to any.",
)
UNSAFE_PATH = Reason(
    "unsafe path",
    "a path inside the source",
    "Pack the archive again with relative paths and regular files.",
)
MISSING_LABEL = Reason("missing label", "a label for every image", "Give the image a label.")
INVALID_LABEL = Reason(
    "invalid label", "a label of printable Unicode text", "Rename the label, and save as UTF-8."
)
NOT_A_NUMBER = Reason(
    "not a number", "one finite number for every image", "Correct the number of this image."
)
UNKNOWN_LABEL = Reason(
    "unknown label", "a label of ingest.classes", "Correct the label, or add it to ingest.classes."
)
UNKNOWN_SPLIT = Reason(
    "unknown split", "train, validation, test or nothing", "Correct the word in the split column."
)
UNREADABLE_ROW = Reason(
    "unreadable row", "a row that follows the table's format", "Correct this row of the table."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row of the quarantine table."""

    location: str
    """The file or URI as the source names it."""
    row: int | None
    """Line of the table, from 1; None where there is no table."""
    label: str
    reason: Reason
    detail: str = ""
    remedy: str = ""
    """Overrides the remedy of the reason."""
    classes: tuple[str, ...] = ()
    """The classes that the source names here; none where the label is what is wrong."""

    @property
    def text(self) -> str:
        """The reason with its detail, in one line."""
        return f"{self.reason.name}: {self.detail}" if self.detail else self.reason.name

    @property
    def where(self) -> str:
        """The file, with its line of the table where there is one."""
        return self.location if self.row is None else f"row {self.row}: {self.location}"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return self.remedy or self.reason.remedy


class RefusedError(Exception):
    """What a reader or decoder raises for one row; the stage turns it into a refusal."""

    def __init__(
        self, reason: Reason, detail: str = "", *, remedy: str = "", words: Sequence[str] = ()
    ) -> None:
        self.reason = reason
        self.detail = redact_words(detail)
        self.remedy = redact_words(remedy)
        super().__init__(f"{reason.name}: {self.detail}")
        self.words = tuple(words)
        """The label as it was written, where one was read."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes: exceptions are made again of their message alone."""
        make = partial(RefusedError, remedy=self.remedy, words=self.words)
        return make, (self.reason, self.detail)
