"""Build a report page block by block and write it as one self-contained HTML file."""

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from sightline import __version__
from sightline.ground.pages import END_OF_FRONT, FRONT, NAVIGATION, POLICY
from sightline.stage.report.links import Link
from sightline.stage.report.warned import WARNING_NAME
from sightline.stage.timing import writing

if TYPE_CHECKING:
    from sightline.stage.report.decisions import Question
    from sightline.stage.report.images import Opening, Thumbnail

Cell = str | int | float | Link | None

FOLDER = resources.files("sightline.stage.report")
BUTTON = re.compile(
    r'<foreignObject[^>]*><button popovertarget="([\w-]+)"[^>]*></button></foreignObject>'
)
FRACTION = re.compile(r"-?\d+\.\d{1,6}")
WIDEST_CHART_PX = 860
PX_PER_POINT = 4 / 3
DECISION_PX = 96
LONG_TEXT = 32
"""A column with longer texts needs room for several words a line."""


class Page:
    """A report page; blocks appear in the order of the calls."""

    def __init__(self, *, title: str, subtitle: str = "") -> None:
        self._title, self._subtitle = title, subtitle
        self._blocks: list[dict[str, Any]] = []
        self._warnings: list[str] = []

    def summary(self, figures: dict[str, Cell]) -> None:
        """Show a row of headline figures."""
        shown = {name: format_cell(value) for name, value in figures.items()}
        self._add("summary", figures=shown)

    def notice(self, tone: str, text: str, *, detail: str = "", told: bool = True) -> None:
        """Show a coloured sentence; `tone` is `good`, `info`, `warning` or `error`.

        A warning or an error is also told wherever people look at the run: on the terminal, on
        the run's page and by notify; not where `told` is false, as for a decision, which they
        show by itself.
        """
        self._add("notice", tone=tone, text=text, detail=detail)
        if told and tone in ("warning", "error"):
            self._warnings.append(f"{text} {detail}".strip())

    def section(self, heading: str, text: str = "") -> None:
        """Start a section."""
        self._add("section", heading=heading, text=text)

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._add("text", text=text)

    def code(self, text: str) -> None:
        """Add commands or code, kept as they are."""
        self._add("code", text=text)

    def document(self, text: str) -> None:
        """Add a Markdown document, without its YAML header."""
        # Images of light stages have no parser of Markdown.
        from sightline.stage.report.markdown import to_html

        self._add("document", html=to_html(text))

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        caption: str = "",
        bars: Sequence[str] = (),
        opens: str = "",
    ) -> None:
        """Add a table; columns named in `bars` show their share of the column's largest value.

        `opens` is said below where links in it lead to `openings` of this page.
        """
        largest = {name: _largest(rows, columns.index(name)) for name in bars}
        texts = [column_texts([row[index] for row in rows]) for index in range(len(columns))]
        shown = [
            {
                "name": name,
                "number": _is_numeric(rows, index),
                "long": max(map(len, texts[index]), default=0) > LONG_TEXT,
            }
            for index, name in enumerate(columns)
        ]
        self._add(
            "table",
            caption=caption,
            opens=opens,
            columns=shown,
            cards=_needs_cards(shown),
            rows=[
                [
                    {
                        **column,
                        "text": texts[index][number],
                        "share": _share(value, largest.get(columns[index])),
                        "link": value.address if isinstance(value, Link) else "",
                    }
                    for index, (column, value) in enumerate(zip(shown, row, strict=True))
                ]
                for number, row in enumerate(rows)
            ],
        )

    def figure(self, svg: str, *, caption: str = "", front: bool = False, opens: str = "") -> None:
        """Add a chart from `charts`; with `front` the run's page shows it, too.

        `opens` is said below where links in it lead to `openings` of this page.
        """
        if not self._blocks or self._blocks[-1]["kind"] != "figures":
            self._add("figures", figures=[])
        self._blocks[-1]["figures"].append(
            {
                "svg": Markup(svg),
                "caption": caption,
                "opens": opens,
                "front": front,
                "width_px": _width_px(svg),
            }
        )

    def thumbnails(
        self,
        thumbnails: Sequence["Thumbnail"],
        *,
        size_px: int = 112,
        caption: str = "",
        front: bool = False,
    ) -> None:
        """Add a grid of pictures; with `front` the run's page shows it, too."""
        pictures = [_embed(item, size_px) for item in thumbnails]
        self._add("thumbnails", pictures=pictures, size_px=size_px, caption=caption, front=front)

    def rows(
        self, rows: Sequence[Sequence["Thumbnail"]], *, size_px: int, caption: str = ""
    ) -> None:
        """Add rows of pictures that are to be looked at side by side."""
        shown = [[_embed(item, size_px) for item in row] for row in rows]
        self._add("rows", rows=shown, size_px=size_px, caption=caption)

    def openings(self, openings: Sequence["Opening"], *, size_px: int) -> None:
        """Add what links of charts and tables open: pictures that are hidden until then."""
        shown = [
            {
                "anchor": one.anchor,
                "title": one.title,
                "text": one.text,
                "pictures": [_embed(item, size_px) for item in one.pictures],
            }
            for one in openings
        ]
        self._add("openings", openings=shown, size_px=size_px)

    def decisions(self, questions: Sequence["Question"], labels: Sequence[str], file: str) -> None:
        """Add a table to decide in; where scripts may run, decisions are downloaded as `file`."""
        shown = [
            (one, [_embed(picture, DECISION_PX) for picture in (one.picture, *one.near)])
            for one in questions
        ]
        self._add("decisions", questions=shown, labels=list(labels), file=file)

    def write(self, path: Path) -> None:
        """Write the page as one HTML file that needs no other."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._settle_links()
        html = _template().render(
            title=self._title,
            subtitle=self._subtitle,
            version=__version__,
            style=Markup(FOLDER.joinpath("style.css").read_text("utf-8")),
            **self._scripted(),
            navigation=Markup(NAVIGATION),
            front=Markup(FRONT),
            end_of_front=Markup(END_OF_FRONT),
            warning_name=WARNING_NAME,
            warnings=self._warnings,
            blocks=self._blocks,
        )
        with writing():
            path.write_text(html, encoding="utf-8")

    def _settle_links(self) -> None:
        """Keep links to what this page has, and say what they do; others become plain."""
        there = {
            one["anchor"]
            for block in self._blocks
            if block["kind"] == "openings"
            for one in block["openings"]
        }
        for block in self._blocks:
            if block["kind"] == "figures":
                for one in block["figures"]:
                    one["svg"], has_links = _settled(one["svg"], there)
                    one["caption"] = _with_hint(one["caption"], one["opens"] if has_links else "")
            if block["kind"] == "table":
                cells = [cell for row in block["rows"] for cell in row]
                inner = [cell for cell in cells if cell["link"].startswith("#")]
                for cell in inner:
                    cell["link"] = cell["link"] if cell["link"][1:] in there else ""
                has_links = any(cell["link"] for cell in inner)
                block["caption"] = _with_hint(block["caption"], block["opens"] if has_links else "")

    def _scripted(self) -> dict[str, Any]:
        if all(block["kind"] != "decisions" for block in self._blocks):
            return {"policy": POLICY, "script": ""}
        from sightline.stage.report.decisions import policy, script

        return {"policy": policy(), "script": Markup(script())}

    def _add(self, kind: str, **content: Any) -> None:
        self._blocks.append({"kind": kind, **content})


def _settled(svg: str, there: Set[str]) -> tuple[Markup, bool]:
    """Take the links to other places out of a chart; tell whether any are left."""
    kept = [found[1] in there for found in BUTTON.finditer(svg)]
    plain = BUTTON.sub(lambda found: found[0] if found[1] in there else "", svg)
    return Markup(plain), any(kept)


def _with_hint(caption: str, hint: str) -> str:
    return " ".join(filter(None, (caption, hint)))


@cache
def _template() -> Template:
    # Compiling it takes longer than filling it in.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(FOLDER.joinpath("page.html").read_text("utf-8"))


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
    return value.text if isinstance(value, Link) else value


def column_texts(values: Sequence[Cell]) -> list[str]:
    """Write the values of a column, fractions below each other with the same decimals."""
    texts = [format_cell(value) for value in values]
    places = [len(text.partition(".")[2]) for text in texts if FRACTION.fullmatch(text)]
    if not places or not all(isinstance(value, int | float | None) for value in values):
        return texts
    return [
        f"{value:,.{max(places)}f}"
        if isinstance(value, float) and (value == 0 or 0.001 <= abs(value) < 1000)
        else text
        for value, text in zip(values, texts, strict=True)
    ]


def _is_numeric(rows: Sequence[Sequence[Cell]], index: int) -> bool:
    values = [row[index] for row in rows if row[index] is not None]
    return bool(values) and all(map(_is_number, values))


def _is_number(value: Cell) -> bool:
    if isinstance(value, Link):
        return value.is_number
    return isinstance(value, int | float) and not isinstance(value, bool)


def _needs_cards(columns: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a phone would cut long texts off, or squeeze them to a word a line."""
    first, *others = columns
    # Numbers are narrow: there is room beside them for a name that breaks.
    alone = first["long"] and not all(column["number"] for column in others)
    return len(columns) > 2 and (alone or any(column["long"] for column in others))


def _largest(rows: Sequence[Sequence[Cell]], index: int) -> float:
    values = [float(v) for row in rows if isinstance(v := row[index], int | float)]
    return max(values, default=0.0)


def _share(value: Cell, largest: float | None) -> float | None:
    if largest is None or not isinstance(value, int | float):
        return None
    return round(100 * float(value) / largest, 1) if largest > 0 else 0.0


def _width_px(svg: str) -> int:
    """Return how wide a chart may become: one that is not wide would become too high."""
    sides = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if sides is None or float(sides[1]) > 1.4 * float(sides[2]):
        return WIDEST_CHART_PX
    return round(float(sides[1]) * PX_PER_POINT)


def _embed(item: "Thumbnail", size_px: int) -> dict[str, Any]:
    # A page without pictures needs neither NumPy nor Pillow.
    from sightline.stage.report.images import THUMBNAIL_PX, data_uri, thumbnail_bytes

    data = thumbnail_bytes(item.image, size_px=max(size_px, THUMBNAIL_PX))
    return {
        "source": data_uri(data),
        "small": data.startswith(b"\x89PNG"),
        "title": item.title,
        "text": item.text,
        "tone": item.tone,
        "link": item.link,
    }
