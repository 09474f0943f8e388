"""Answers as a table that grows line by line, and goes on where an earlier command stopped."""

import csv
import fcntl
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from sightline.client.answers import Answer
from sightline.client.photos import Photo
from sightline.ground.errors import UserError
from sightline.ground.source.tables.spreadsheets import defused
from sightline.ground.wording import visible

Kind = Literal["csv", "jsonl"]
COLUMNS = ("photo", "answer", "sureness", "details", "version", "error", "size", "modified")
SAME = ("photo", "size", "modified")
"""What tells that a line is about a photo that is still what it was."""
HEADER = b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\n"
"""With the mark by which spreadsheets know UTF-8."""


@dataclass
class AnswerFile:
    """A table that is open for more lines."""

    stream: IO[bytes]
    kind: Kind
    num_done: int = 0
    """Photos whose lines were there before."""
    num_errors: int = 0
    """Those without an answer among them."""
    version: str = ""
    """Version of the model that gave the last of these answers."""
    size: int = field(default=0, repr=False)

    def write(self, photo: Photo, answer: Answer) -> None:
        """Add a whole line."""
        self.stream.write(_line(self.kind, photo, answer))
        self.stream.flush()


@contextmanager
def open_answers(path: Path, kind: Kind, photos: Sequence[Photo]) -> Iterator[AnswerFile]:
    """Open a new table, or one that a command with the same photos began.

    What a killed command left of a line is cut off.

    Raises:
        UserError: the file holds something else, cannot be written, or another command writes it.
    """
    if path.exists() and not path.is_file():
        raise UserError(f"{visible(str(path))}: expected a file for the answers. Name another one.")
    with _opened(path) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{visible(str(path))}: expected a file of its own for this command; another one "
                "is writing it. Wait for it, or name another file."
            ) from error
        answers = AnswerFile(stream, kind)
        with path.open("rb") as lines:
            _take_up(answers, lines, path, photos)
        stream.truncate(answers.size)
        if kind == "csv" and not answers.size:
            stream.write(HEADER)
            stream.flush()
        yield answers


def _opened(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab")
    except OSError as error:
        raise UserError(
            f"{visible(str(path))}: expected a file for the answers that can be written; the "
            f"system says: {error.strerror}. Name another one."
        ) from error


def _take_up(answers: AnswerFile, lines: IO[bytes], path: Path, photos: Sequence[Photo]) -> None:
    """Count the lines that are there already, and hold each against its photo."""
    for line in lines:
        is_header = answers.kind == "csv" and not answers.size
        if not line.endswith(b"\n"):
            if not answers.size and not line.startswith(HEADER[: len(line)] if is_header else b"{"):
                raise _foreign(path, "another text")
            return
        if is_header:
            if line != HEADER:
                raise _foreign(path, visible(line[:100].decode("utf-8", "replace").strip()))
        else:
            _check(answers, _cells(answers.kind, line, path), path, photos)
            answers.num_done += 1
        answers.size += len(line)


def _check(answers: AnswerFile, cells: dict[str, Any], path: Path, photos: Sequence[Photo]) -> None:
    at = answers.num_done
    expected = _identity(answers.kind, photos[at]) if at < len(photos) else None
    if expected != {name: cells[name] for name in SAME}:
        wanted = visible(photos[at].path) if at < len(photos) else "no more photos"
        raise UserError(
            f"{visible(str(path))}: expected answers to the same photos as now; answer {at + 1:,} "
            f"is about {visible(str(cells['photo']))}, not about {wanted}. Photos were added, "
            "removed or changed since: name another file, or remove this one to begin anew."
        )
    if cells["error"]:
        answers.num_errors += 1
    if cells["version"] not in (None, ""):
        answers.version = str(cells["version"])


def _cells(kind: Kind, line: bytes, path: Path) -> dict[str, Any]:
    try:
        text = line.decode("utf-8")
        cells = (
            dict(zip(COLUMNS, next(csv.reader([text], strict=True)), strict=True))
            if kind == "csv"
            else json.loads(text)
        )
        if {*SAME, "version", "error"} <= set(cells):
            return dict(cells)
    except (ValueError, TypeError, StopIteration, csv.Error, RecursionError) as error:
        raise _foreign(path, visible(str(line[:100]))) from error
    raise _foreign(path, visible(str(line[:100])))


def _foreign(path: Path, received: str) -> UserError:
    return UserError(
        f"{visible(str(path))}: expected a new file, or answers that this command wrote; received "
        f"{received}. Name another file."
    )


def _line(kind: Kind, photo: Photo, answer: Answer) -> bytes:
    identity = _identity(kind, photo)
    if kind == "jsonl":
        # As ASCII: a file name may hold bytes that are no text.
        row = {**answer.as_json(), **identity}
        return json.dumps(row).encode("ascii") + b"\n"
    cells = {
        **identity,
        "answer": _cell(answer.title),
        "sureness": answer.sureness,
        "details": json.dumps(answer.content) if answer.content else "",
        "version": "" if answer.version is None else _cell(str(answer.version)),
        "error": _cell(answer.error or ""),
    }
    buffer = io.StringIO()
    csv.DictWriter(buffer, COLUMNS, lineterminator="\n").writerow(cells)
    return buffer.getvalue().encode("utf-8")


def _identity(kind: Kind, photo: Photo) -> dict[str, Any]:
    if kind == "jsonl":
        return {"photo": photo.path, "size": photo.size, "modified": photo.modified}
    size = "" if photo.size is None else str(photo.size)
    return {"photo": _cell(photo.path), "size": size, "modified": photo.modified}


def _cell(text: str) -> str:
    """Return text that stays in its line and that no spreadsheet runs."""
    return defused(visible(text))
