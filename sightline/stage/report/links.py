"""Links from a page to the file that an image came from."""

from dataclasses import dataclass
from pathlib import Path

WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Link:
    """A text that opens something; without an address it is a text alone."""

    text: str
    address: str
    is_number: bool = False
    """Whether the text is a number, to stand below others."""


def original(uri: str) -> Link:
    """Link to an image where a browser can open it: on this machine or on a web server."""
    return Link(uri, _address(uri))


def name_of(uri: str) -> str:
    """Return the last part of where an image lies."""
    return uri.rstrip("/").rpartition("/")[2]


def _address(uri: str) -> str:
    if uri.startswith(WEB):
        return uri
    path = Path(uri)
    if not path.is_absolute():
        return ""
    # A container does not see the originals; an archive is seen, and its members are no files.
    return path.as_uri() if path.is_file() or not path.parent.exists() else ""
