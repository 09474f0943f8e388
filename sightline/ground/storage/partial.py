"""Names of what is being written, or was when its writer was killed: `.<name>.partial`."""

import os
import re
import threading
from pathlib import Path

PARTIAL = re.compile(r"\.(?P<stem>.+?)(\.(?P<process>[0-9]+)\.[^.]+)?\.partial(?P<suffix>\.[^.]+)?")


def partial_path(path: Path, *, one_writer: bool) -> Path:
    """Return where a file or folder grows; the name says which process writes it.

    Args:
        path: what is written.
        one_writer: whether nobody else writes it at the same time: then the name says nothing.
    """
    own = "" if one_writer else f".{os.getpid()}.{threading.get_ident()}"
    return path.with_name(f".{path.stem}{own}.partial{path.suffix}")


def is_partial(name: str) -> bool:
    """Tell whether a name is one of something that is being written."""
    return PARTIAL.fullmatch(name) is not None


def partial_writer(name: str) -> int | None:
    """Return the process that writes what has a partial name; none if the name does not say it."""
    found = PARTIAL.fullmatch(name)
    return int(found["process"]) if found and found["process"] else None


def final_path(path: Path) -> Path:
    """Return what will be there once it is written, which is the name that a person knows."""
    found = PARTIAL.fullmatch(path.name)
    if found is None:
        return path
    return final_path(path.with_name(f"{found['stem']}{found['suffix'] or ''}"))
