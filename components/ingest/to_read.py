"""The rows whose images are read: wrong labels are refused before, archives read in order."""

from collections.abc import Iterator
from dataclasses import dataclass

from sightline.ground.source.reading import Source
from sightline.ground.source.refusals import Refusal, RefusedError
from sightline.ground.source.rows import Row, check_classes


@dataclass(frozen=True, slots=True)
class ToRead:
    """One row, and its bytes where they had to be read in order."""

    row: Row
    data: bytes | None

    def read(self, *, max_bytes: int) -> bytes:
        """Return the bytes of its image.

        Raises:
            RefusedError: they cannot be read or are more than `max_bytes`.
        """
        if self.data is not None:
            return self.data
        return self.row.files.read(self.row.path, max_bytes=max_bytes)


def rows_to_read(
    source: Source, classes: tuple[str, ...], max_bytes: int
) -> Iterator[ToRead | Refusal]:
    """Yield the rows of a source, as refusals where their labels or archives already tell."""
    for row in source.rows():
        if isinstance(row, Refusal):
            yield row
            continue
        try:
            check_classes(row.target.labels, classes)
            # An archive read out of order would be unpacked again for each image.
            sequential = row.files.sequential
            data = row.files.read(row.path, max_bytes=max_bytes) if sequential else None
        except RefusedError as error:
            yield row.refused(error)
        else:
            yield ToRead(row, data)
