"""Labels from JSON lines in Vertex AI's import format for image classification."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sightline.ground.source.files import Files, printable
from sightline.ground.source.refusals import UNREADABLE_ROW, Refusal, RefusedError
from sightline.ground.source.rows import Row, read_split
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.tables import References, open_lines
from sightline.ground.source.targets import TargetReader
from sightline.ground.source.words import check_no_null

ML_USE = "aiplatform.googleapis.com/ml_use"


def find_slices(files: Files, table: str) -> tuple[str, ...]:
    """Return the names of the resource labels of all lines, other than the split."""
    names: set[str] = set()
    with open_lines(files, table) as lines:
        for line in lines:
            with suppress(RefusedError):  # read_rows refuses this line, with its reason
                names.update(_resource_labels(_parse(line)))
    return tuple(sorted(printable(name) for name in names - {ML_USE}))


def read_rows(
    files: Files, table: str, reader: TargetReader, settings: SourceSettings
) -> Iterator[Row | Refusal]:
    """Yield a row per line; `group_column` is the resource label that keeps images together."""
    references = References(files, table, settings.table_hosts)
    with open_lines(files, table) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _read(line, number, references, settings, reader)


def read_references(files: Files, table: str) -> Iterator[str]:
    """Yield what each readable line calls its image."""
    with open_lines(files, table) as lines:
        for line in lines:
            with suppress(RefusedError):
                yield _reference(_parse(line))


def _read(
    line: str, number: int, references: References, settings: SourceSettings, reader: TargetReader
) -> Row | Refusal:
    reference = ""
    words: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    try:
        content = _parse(line)
        reference = _reference(content)
        target = reader.read_line(content)
        words = target.labels
        check_no_null(words, settings.classes)
        classes = words
        attributes = _resource_labels(content)
        files, path = references.resolve(reference)
        return Row(
            files=files,
            path=path,
            location=reference,
            row=number,
            target=target,
            split=read_split(attributes.pop(ML_USE, "")),
            group=printable(attributes.get(settings.group_column, "").strip()),
            slices={printable(name): printable(value) for name, value in attributes.items()},
        )
    except RefusedError as error:
        return Refusal(
            location=printable(reference),
            row=number,
            label=printable("; ".join(error.words or words)),
            reason=error.reason,
            detail=error.detail,
            remedy=error.remedy,
            classes=classes,
        )


def _parse(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RefusedError(UNREADABLE_ROW, f"no JSON ({error})") from error
    if not isinstance(content, dict):
        raise RefusedError(UNREADABLE_ROW, "expected a JSON object with imageGcsUri")
    return content


def _reference(content: dict[str, Any]) -> str:
    # `content` is what Vertex AI's batch predictions call it.
    reference = content.get("imageGcsUri", content.get("content"))
    if not isinstance(reference, str):
        raise RefusedError(UNREADABLE_ROW, "expected the image's URI as text in imageGcsUri")
    return reference


def _resource_labels(content: dict[str, Any]) -> dict[str, str]:
    labels = content.get("dataItemResourceLabels") or {}
    if not isinstance(labels, dict):
        raise RefusedError(UNREADABLE_ROW, "expected an object in dataItemResourceLabels")
    return {name: str(value) for name, value in labels.items()}
