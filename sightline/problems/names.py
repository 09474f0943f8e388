"""The names of the kinds of problem of this installation."""

from pathlib import Path


def problem_names() -> tuple[str, ...]:
    """Name every kind, in alphabetical order: each is a folder beside this file.

    Folders whose names begin with an underscore hold what several kinds share.
    """
    return tuple(
        sorted(path.parent.name for path in Path(__file__).parent.glob("[!_]*/__init__.py"))
    )
