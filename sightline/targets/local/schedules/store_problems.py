"""What went wrong with the file of schedules, in one line."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sightline.ground.errors import UserError

_SAYINGS = {
    "SQLITE_BUSY": (
        "another process keeps it locked",
        "Try again; if that does not help, end the process that has it open",
    ),
    "SQLITE_READONLY": (
        "it may only be read",
        "Give yourself the right to write to it and to its folder",
    ),
    "SQLITE_CORRUPT": ("it is damaged", "Move it away, and create the schedules again"),
    "SQLITE_NOTADB": (
        "it holds something else, or is damaged",
        "Move it away, and create the schedules again",
    ),
    "SQLITE_CANTOPEN": (
        "it cannot be opened",
        "Check that it is a file, that its folder is there, and that you may write to both",
    ),
    "SQLITE_FULL": ("the disk is full", "Free some space"),
    "SQLITE_IOERR": ("the disk does not answer", "Check the disk, or its connection"),
}
_OTHERWISE = "Move it away, and create the schedules again; or use the Sightline that made it"


class StoreProblem(UserError):
    """The file of schedules cannot be used, maybe only for now."""


@contextmanager
def clear_store_errors(path: Path) -> Iterator[None]:
    """Turn errors of the database and of its file into one clear line.

    Raises:
        StoreProblem: instead of them.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise _problem(path, *_explain(error)) from error
    except OSError as error:
        remedy = "Check that its folder can be made, and that you may write there"
        raise _problem(path, str(error), remedy) from error


def _explain(error: SQLAlchemyError) -> tuple[str, str]:
    cause = error.orig if isinstance(error, DBAPIError) else error
    # Errors of the module itself, such as of text that is no UTF-8, have no name.
    name = getattr(cause, "sqlite_errorname", "") if isinstance(cause, sqlite3.Error) else ""
    for known, saying in _SAYINGS.items():
        if name.startswith(known):
            return saying
    return f"SQLite says {str(cause).splitlines()[0]!r}", _OTHERWISE


def _problem(path: Path, received: str, remedy: str) -> StoreProblem:
    return StoreProblem(
        f"{path}: expected the file of schedules, to read and to write; received: {received}. "
        f"{remedy}."
    )
