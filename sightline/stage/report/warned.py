"""What a report page warns of, told in its head: the one place from which everybody hears of it."""

from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

from markupsafe import Markup

from sightline.ground.wording import first_sentence

WARNING_NAME = "sightline:warning"
END_OF_HEADER = "</header>\n"
NOTICE = '<div class="notice warning"><p><strong>{}</strong></p><p>{}</p></div>\n'
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


def add_warnings(path: Path, warnings: Sequence[str]) -> None:
    """Put warnings that a page does not have yet into its head and on its top."""
    page = path.read_text(encoding="utf-8")
    there = warnings_of(page.encode())
    lacking = [text for text in dict.fromkeys(warnings) if text not in there]
    named = [Markup('<meta name="{}" content="{}">\n').format(WARNING_NAME, t) for t in lacking]
    shown = [Markup(NOTICE).format(*first_sentence(text)) for text in lacking]
    head, style, rest = page.partition("<style>")
    header, end, body = rest.partition(END_OF_HEADER)
    path.write_text("".join([head, *named, style, header, end, *shown, body]), encoding="utf-8")


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta" and found.get("name") == WARNING_NAME:
            self.warnings.append(found.get("content") or "")
