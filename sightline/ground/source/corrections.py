"""Decisions of a person about labels: one table that label check writes and ingest reads."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeGuard

from sightline.ground.errors import DataError
from sightline.ground.source.files import JSONL_SUFFIXES, Files, printable, suffix
from sightline.ground.source.labelling_tools import fiftyone
from sightline.ground.source.labelling_tools.carried import DECISIONS
from sightline.ground.source.labelling_tools.exports import decisions_in
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.origin import remote_table
from sightline.ground.source.remote.reach import TableHosts
from sightline.ground.source.tables.csv_records import Record, read_records
from sightline.ground.source.tables.spreadsheets import defused, restored
from sightline.ground.source.tables.tables import open_lines
from sightline.ground.source.words import BETWEEN_LABELS, clean_word
from sightline.ground.storage.addresses import REMOTE_SCHEMES, revealed, scheme_of
from sightline.ground.storage.redaction import redact

Decision = Literal["", "keep", "relabel", "drop"]
SUFFIXES = JSONL_SUFFIXES | {".csv", ".tsv", ".json"}
SUSPECTS = "suspects.csv"
"""The table to decide in, among the findings of label check."""
EXPECTED = (
    "a CSV table or JSON lines with id, given, suggested, decision and label, or an export of "
    "Label Studio or FiftyOne"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One image whose label is in doubt, and what a person decided."""

    id: str
    """SHA-256 of the image's bytes, as in the dataset."""
    uri: str = ""
    split: str = ""
    given: str = ""
    """The label that was judged; several of one image stand in one text, parted by `; `."""
    suggested: str = ""
    score: float | None = None
    """How grave the doubt is, whatever its scale; a CSV has six digits of it."""
    evidence: str = ""
    decision: Decision = ""
    """Empty is not decided yet."""
    label: str = ""
    """The new label, where it is not the suggested one."""
    place: str = ""
    """File and line that it was read from, for messages; it is not written."""

    @property
    def new_label(self) -> str:
        """What a relabelled image is called."""
        return self.label or self.suggested


COLUMNS = tuple(field.name for field in fields(Correction) if field.name != "place")


def write_corrections(path: Path, rows: Iterable[Correction]) -> int:
    """Write a table to decide in: JSON lines where the name ends so, else CSV for spreadsheets.

    Return the number of rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_lines = suffix(path.name) in JSONL_SUFFIXES
    count = 0
    # The byte order mark tells spreadsheets that the text is UTF-8.
    encoding = "utf-8" if is_lines else "utf-8-sig"
    with path.open("w", encoding=encoding, newline="") as stream:
        table = csv.writer(stream)
        if not is_lines:
            table.writerow(COLUMNS)
        for row in rows:
            count += 1
            if is_lines:
                stream.write(json_line(row))
            else:
                table.writerow([defused(cell) for cell in _cells(row)])
    return count


def json_line(row: Correction) -> str:
    """Return a row as a line of JSON with its end, as a reviewer appends it."""
    return json.dumps(as_dict(row), ensure_ascii=False) + "\n"


def as_dict(row: Correction) -> dict[str, Any]:
    """Return what is written of a row, by the names of the columns."""
    return {name: getattr(row, name) for name in COLUMNS}


def read_corrections(address: str, table_hosts: TableHosts = "auto") -> list[Correction]:
    """Read every row of a file, or of all files of a folder here, in their order.

    Raises:
        DataError: there is no such file, it is of another form, or a row is; with the line.
    """
    found = list(_open(revealed(address), table_hosts))
    if not found:
        raise DataError(
            f"{redact(address)}: expected {EXPECTED} in this folder, found none "
            f"({', '.join(sorted(SUFFIXES))}). Correct ingest.corrections."
        )
    return [row for files, name in found for row in _read(files, name)]


def _open(address: str, table_hosts: TableHosts) -> Iterator[tuple[Files, str]]:
    """Yield the place and the name of each file."""
    if scheme_of(address) in REMOTE_SCHEMES:
        origin = remote_table(address, table_hosts)
        yield origin.files, origin.table
        return
    path = Path(address.removeprefix("file://"))
    if path.is_dir():
        names = {one.name for one in path.iterdir() if suffix(one.name) in SUFFIXES}
        beside = fiftyone.FURTHER if fiftyone.SAMPLES in names else frozenset()
        yield from ((LocalFiles(path), name) for name in sorted(names - beside))
    elif path.is_file():
        yield LocalFiles(path.parent), path.name
    else:
        raise DataError(
            f"{redact(address)}: expected {EXPECTED}, found no file there. Check the path "
            "(ingest.corrections)."
        )


def _read(files: Files, name: str) -> Iterator[Correction]:
    where = printable(files.uri(name))
    if suffix(name) == ".json":
        for place, content in _exported(files, name, where):
            yield correction_of(content, f"{where}, {place}")
        return
    with open_lines(files, name) as lines:
        rows = _objects(lines, where) if suffix(name) in JSONL_SUFFIXES else _table(lines, where)
        for line, row in rows:
            yield correction_of(row, f"{where}, line {line}")


def correction_of(row: Mapping[str, Any], place: str) -> Correction:
    """Return a row that was read, checked.

    Raises:
        DataError: it lacks what a decision needs.
    """
    cells = {name: _text(row.get(name), name, place) for name in COLUMNS}
    decision = cells["decision"].lower()
    if not cells["id"]:
        raise DataError(
            f"{place}: expected the image's id (64 hexadecimal digits), received none. Take the "
            "row out, or keep the column `id` as label check wrote it."
        )
    if not _is_decision(decision):
        raise DataError(
            f"{place}: expected the decision {', '.join(DECISIONS)} or nothing, received "
            f"{cells['decision']!r}. Correct it."
        )
    found = Correction(
        id=cells["id"].lower(),
        uri=cells["uri"],
        split=cells["split"],
        given=clean_word(cells["given"]),
        suggested=clean_word(cells["suggested"]),
        score=_number(cells["score"]),
        evidence=cells["evidence"],
        decision=decision,
        label=clean_word(cells["label"]),
        place=place,
    )
    if decision == "relabel" and not found.new_label:
        raise DataError(
            f"{place}: expected the new label in `label`, or one in `suggested`, received neither. "
            "Write it, or decide keep or drop."
        )
    return found


def _table(lines: Iterable[str], where: str) -> Iterator[tuple[int, dict[str, str]]]:
    records = read_records(lines)
    header = next(records, Record(1, ()))
    names = [cell.strip().lower() for cell in header.cells]
    if missing := sorted({"id", "decision"} - set(names)):
        raise DataError(
            f"{where}: expected the columns id and decision, received {', '.join(names) or 'none'} "
            f"(missing: {', '.join(missing)}). Keep the first line as label check wrote it."
        )
    for record in records:
        if record.problem:
            raise DataError(f"{where}, line {record.line}: {record.problem}. Correct the line.")
        yield record.line, dict(zip(names, map(restored, record.cells), strict=False))


def _objects(lines: Iterable[str], where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{where}, line {number}: expected a JSON object, received no JSON ({error}). "
                "Correct the line, or take it out."
            ) from error
        if not isinstance(content, dict):
            raise DataError(
                f"{where}, line {number}: expected a JSON object with id and decision, received "
                f"{type(content).__name__}. Correct the line, or take it out."
            )
        yield number, content


def _exported(files: Files, name: str, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Read what a labelling tool exports of what `sightline data suspects` made."""
    with files.open(name) as stream:
        data = stream.read()
    try:
        return list(decisions_in(json.loads(data)))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{where}: expected an export of Label Studio (JSON or JSON-MIN) or FiftyOne "
            f"({fiftyone.SAMPLES} of a FiftyOneDataset) of what `sightline data suspects` made, "
            f"received something else: {error}. Export it again, or name the file .jsonl if it "
            "holds JSON lines."
        ) from error


def _cells(row: Correction) -> list[str]:
    score = "" if row.score is None else f"{row.score:.6f}"
    return [score if name == "score" else getattr(row, name) for name in COLUMNS]


def _text(value: object, name: str, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return BETWEEN_LABELS.join(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    raise DataError(
        f"{place}: expected text in {name}, received {type(value).__name__}. Correct it."
    )


def _is_decision(word: str) -> TypeGuard[Decision]:
    return word in ("", *DECISIONS)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # nothing depends on it once a person has decided
