"""The labels that corrections give: classes of the source, so that no typo becomes one."""

from collections.abc import Collection, Sequence

from sightline.ground.errors import DataError, nearest, shorten
from sightline.ground.source.corrections import Correction
from sightline.ground.source.reading import Source
from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.rows import Row
from sightline.ground.source.targets import Target, TargetReader
from sightline.ground.source.words import BETWEEN_LABELS


def new_targets(
    rows: Sequence[Correction], source: Source, reader: TargetReader, classes: Collection[str]
) -> dict[str, Target]:
    """Return what each new label means.

    Raises:
        DataError: one is no class of the source, or no label, with its line.
    """
    wanted = {row.new_label: row for row in rows if row.decision == "relabel"}
    if not wanted:
        return {}
    known = set(classes) or {
        label for row in source.rows() if isinstance(row, Row) for label in row.target.labels
    }
    return {label: _target(label, row, reader, known) for label, row in wanted.items()}


def _target(label: str, row: Correction, reader: TargetReader, known: set[str]) -> Target:
    words = [label] if label in known else label.split(BETWEEN_LABELS)
    for word in words:
        if word not in known:
            guess = nearest(word, sorted(known))
            hint = f"Did you mean {guess!r}? " if guess else f"Known are {shorten(sorted(known))}. "
            raise DataError(
                f"{row.place}: expected a class of the source as the new label, received "
                f"{word!r}. {hint}To begin a class, name it and all others in ingest.classes."
            )
    try:
        return reader.read_words(words)
    except RefusedError as error:
        raise DataError(
            f"{row.place}: expected a label, received {label!r} ({error}). Correct it."
        ) from error
