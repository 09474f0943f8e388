"""A file that says what the codes of labels stand for, such as `cat_to_name.json`."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import suffix
from sightline.ground.source.refusals import UNKNOWN_LABEL, RefusedError
from sightline.ground.source.remote.reach import TableHosts, reach_of_source
from sightline.ground.source.remote.remote_files import download
from sightline.ground.source.tables.csv_records import read_records
from sightline.ground.source.targets import Target, TargetReader
from sightline.ground.source.words import clean_word
from sightline.ground.storage.addresses import REMOTE_SCHEMES, revealed, scheme_of
from sightline.ground.storage.redaction import redact

EXPECTED = "a file of codes and names: a JSON object, a CSV of two columns, or one name per line"
MOST_BYTES = 1 << 24


class NamedReader:
    """Reads labels, and gives each code its name."""

    def __init__(self, reader: TargetReader, names: Mapping[str, str]) -> None:
        self._reader, self._names = reader, names
        self.several, self.joins = reader.several, reader.joins
        self._known = frozenset(names.values())
        numbers = [int(code) for code in names if _is_number(code)]
        self._numbers = {
            int(code): name
            for code, name in names.items()
            if _is_number(code) and numbers.count(int(code)) == 1
        }

    def read_words(self, words: Sequence[str]) -> Target:
        """Return a target with names."""
        return self._named(self._reader.read_words(words))

    def read_line(self, content: Mapping[str, Any]) -> Target:
        """Return a target with names."""
        return self._named(self._reader.read_line(content))

    def _named(self, target: Target) -> Target:
        return replace(target, labels=tuple(dict.fromkeys(map(self._name, target.labels))))

    def _name(self, label: str) -> str:
        if label in self._names:
            return self._names[label]
        if _is_number(label) and int(label) in self._numbers:  # 001 is 1
            return self._numbers[int(label)]
        if label in self._known:
            return label
        raise RefusedError(
            UNKNOWN_LABEL,
            f"{label!r} is no code of ingest.label_names, such as {shorten(list(self._names), 3)}",
            remedy="Correct the label, or add it to the file that ingest.label_names names.",
            words=[label],
        )


def read_label_names(address: str, table_hosts: TableHosts) -> dict[str, str]:
    """Return code -> name.

    Raises:
        DataError: the file cannot be read or is of another form.
    """
    with _open(revealed(address), table_hosts) as stream:
        data = stream.read(MOST_BYTES)
    try:
        pairs = list(_pairs(data, suffix(address)))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{redact(address)}: expected {EXPECTED}; received {error}. Correct the file, or "
            "ingest.label_names."
        ) from error
    names = {clean_word(code): clean_word(name) for code, name in pairs}
    return {code: name for code, name in names.items() if code and name}


def _pairs(data: bytes, ending: str) -> Iterator[tuple[str, str]]:
    """Yield codes and names.

    Raises:
        ValueError: with what was received instead.
    """
    if ending == ".json":
        yield from _pairs_of(json.loads(data))
        return
    lines = data.decode("utf-8-sig").splitlines(keepends=True)
    if ending == ".txt":
        yield from ((str(at), line) for at, line in enumerate(lines))
        return
    for record in read_records(lines):
        if len(record.cells) != 2:
            raise ValueError(f"{record.problem or f'{len(record.cells)} cells'} in {record.line}")
        yield record.cells[0], record.cells[1]


def _pairs_of(content: Any) -> Iterable[tuple[str, str]]:
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        return [(str(at), name) for at, name in enumerate(content)]
    if isinstance(content, dict) and content:
        if all(isinstance(name, str) for name in content.values()):
            return list(content.items())
        # Keras writes names with their codes.
        if all(isinstance(code, int) for code in content.values()):
            return [(str(code), name) for name, code in content.items()]
    raise ValueError("JSON of another form")


def _open(address: str, table_hosts: TableHosts) -> IO[bytes]:
    if scheme_of(address) in REMOTE_SCHEMES:
        return download(address, reach_of_source(address, table_hosts))
    try:
        return BytesIO(Path(address.removeprefix("file://")).read_bytes())
    except OSError as error:
        raise DataError(
            f"{address}: expected {EXPECTED}; received '{error.strerror}'. Correct "
            "ingest.label_names."
        ) from error


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
