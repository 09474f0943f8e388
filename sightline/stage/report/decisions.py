"""A table to decide in: what a page lets people tick and take away as a file."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sightline.ground.pages import POLICY
from sightline.stage.report.images import Thumbnail

SCRIPT = resources.files("sightline.stage.report").joinpath("decisions.js")


@dataclass(frozen=True, slots=True)
class Question:
    """One image to decide on: `row` is what the file says of it, as texts or numbers by name."""

    picture: Thumbnail
    row: Mapping[str, str | float]
    label: str
    """The label that is proposed."""
    near: Sequence[Thumbnail] = ()
    """Others to compare the picture with."""
    heading: str = ""
    """What stands above it, where another kind of question begins."""

    @property
    def json(self) -> str:
        """The row for the script."""
        return json.dumps(dict(self.row), ensure_ascii=False)


@cache
def script() -> str:
    """Return the script that turns what is ticked into a file."""
    return SCRIPT.read_text(encoding="utf-8")


def policy() -> str:
    """Return the content security policy of a page with this script and no other."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return f"{POLICY}; script-src 'sha256-{digest}'"
