"""Build a report page block by block and write it as one self-contained HTML file."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from sightline import __version__
from sightline.stage.timing import writing

if TYPE_CHECKING:
    from sightline.stage.report.images import Thumbnail

Cell = str | int | float | None


class Page:
    """A report page; blocks appear in the order of the calls."""

    def __init__(self, *, title: str, subtitle: str = "") -> None:
        self._title, self._subtitle = title, subtitle
        self._blocks: list[dict[str, Any]] = []

    def summary(self, figures: dict[str, Cell]) -> None:
        """Show a row of headline figures."""
        shown = {name: format_cell(value) for name, value in figures.items()}
        self._add("summary", figures=shown)

    def notice(self, tone: str, text: str, *, detail: str = "") -> None:
        """Show a coloured sentence; `tone` is `good`, `info`, `warning` or `error`."""
        self._add("notice", tone=tone, text=text, detail=detail)

    def section(self, heading: str, text: str = "") -> None:
        """Start a section."""
        self._add("section", heading=heading, text=text)

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._add("text", text=text)

    def code(self, text: str) -> None:
        """Add commands or code, kept as they are."""
        self._add("code", text=text)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        caption: str = "",
        bars: Sequence[str] = (),
    ) -> None:
        """Add a table; columns named in `bars` show their share of the column's largest value."""
        largest = {name: _largest(rows, columns.index(name)) for name in bars}
        numeric = [_is_numeric(rows, index) for index in range(len(columns))]
        self._add(
            "table",
            caption=caption,
            columns=[
                {"name": name, "number": number}
                for name, number in zip(columns, numeric, strict=True)
            ],
            rows=[
                [
                    {
                        "text": format_cell(value),
                        "number": number,
                        "share": _share(value, largest.get(name)),
                    }
                    for name, number, value in zip(columns, numeric, row, strict=True)
                ]
                for row in rows
            ],
        )

    def figure(self, svg: str, *, caption: str = "") -> None:
        """Add a chart from `charts`."""
        self._add("figure", svg=Markup(svg), caption=caption)

    def thumbnails(
        self, thumbnails: Sequence["Thumbnail"], *, size_px: int = 112, caption: str = ""
    ) -> None:
        """Add a grid of pictures."""
        pictures = [_embed(item) for item in thumbnails]
        self._add("thumbnails", pictures=pictures, size_px=size_px, caption=caption)

    def write(self, path: Path) -> None:
        """Write the page as one HTML file that needs no other."""
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = resources.files("sightline.stage.report")
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        template = environment.from_string(folder.joinpath("page.html").read_text("utf-8"))
        html = template.render(
            title=self._title,
            subtitle=self._subtitle,
            version=__version__,
            style=Markup(folder.joinpath("style.css").read_text("utf-8")),
            blocks=self._blocks,
        )
        with writing():
            path.write_text(html, encoding="utf-8")

    def _add(self, kind: str, **content: Any) -> None:
        self._blocks.append({"kind": kind, **content})


def format_cell(value: Cell) -> str:
    """Write a value as people read it: thousands separated, four significant digits."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return value


def _is_numeric(rows: Sequence[Sequence[Cell]], index: int) -> bool:
    values = [row[index] for row in rows if row[index] is not None]
    return bool(values) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )


def _largest(rows: Sequence[Sequence[Cell]], index: int) -> float:
    values = [float(v) for row in rows if isinstance(v := row[index], int | float)]
    return max(values, default=0.0)


def _share(value: Cell, largest: float | None) -> float | None:
    if largest is None or not isinstance(value, int | float):
        return None
    return round(100 * float(value) / largest, 1) if largest > 0 else 0.0


def _embed(item: "Thumbnail") -> dict[str, Any]:
    # A page without pictures needs neither NumPy nor Pillow.
    from sightline.stage.report.images import data_uri, thumbnail_bytes

    data = thumbnail_bytes(item.image)
    return {
        "source": data_uri(data),
        "small": data.startswith(b"\x89PNG"),
        "title": item.title,
        "text": item.text,
        "tone": item.tone,
    }
