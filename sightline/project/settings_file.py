"""The file with a project's settings, as commands name it."""

import shlex
from pathlib import Path

FILE_NAME = "sightline.yaml"


def file_option(file: Path) -> str:
    """Return the `--file` that a suggested command needs in this folder, or nothing."""
    here = Path.cwd()
    if here / file == here / FILE_NAME:
        return ""
    nearby = file.relative_to(here) if file.is_relative_to(here) else file
    return f" --file {shlex.quote(str(nearby))}"
