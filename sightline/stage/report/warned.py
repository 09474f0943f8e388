"""What a report page warns of, told in its head: the one place from which everybody hears of it."""

from html.parser import HTMLParser
from pathlib import Path

WARNING_NAME = "sightline:warning"
MOST_BYTES = 1 << 18
"""The head of a page is far smaller."""


def warnings_of(page: bytes) -> tuple[str, ...]:
    """Return what the page warns of, in its order; the first `MOST_BYTES` of it are enough."""
    head = _Head()
    head.feed(page.decode("utf-8", errors="replace").partition("<style>")[0])
    return tuple(head.warnings)


def read_warnings(path: Path) -> tuple[str, ...]:
    """Return what the page in a file warns of; nothing where there is no page."""
    if not path.is_file():
        return ()
    with path.open("rb") as file:
        return warnings_of(file.read(MOST_BYTES))


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta" and found.get("name") == WARNING_NAME:
            self.warnings.append(found.get("content") or "")
