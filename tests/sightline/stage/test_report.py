from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from sightline.stage.report import charts
from sightline.stage.report.images import Thumbnail, thumbnail_bytes
from sightline.stage.report.page import Page, format_cell
from tests.data import encoded, photograph


class Links(HTMLParser):
    """Collects everything that a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            loads = name in ("src", "href") and tag != "a"
            if loads and value and not value.startswith(("data:", "#")):
                self.outside.append(value)


def full_page() -> Page:
    page = Page(title="evaluate", subtitle="6 images")
    page.summary({"accuracy": 0.91234, "images": 1234})
    page.notice("warning", "Two classes look alike.", detail="Merge them.")
    page.section("Classes", "All of them.")
    page.table(["class", "images"], [["daisy", 4], ["rose", None]], bars=["images"])
    page.figure(charts.lines({"loss": [1.0, 0.5]}, x_label="epoch", y_label="loss"))
    page.thumbnails([Thumbnail(encoded(photograph()), "daisy", "a.jpg", "bad")])
    page.code("sightline serve")
    return page


def test_a_page_needs_no_other_file(tmp_path: Path) -> None:
    full_page().write(tmp_path / "report")

    links = Links()
    links.feed((tmp_path / "report").read_text(encoding="utf-8"))
    assert links.outside == []


def test_what_users_named_is_escaped(tmp_path: Path) -> None:
    page = Page(title="<script>alert(1)</script>")
    page.table(["<b>class</b>"], [["<img src=x onerror=alert(1)>"]])

    page.write(tmp_path / "report")

    html = (tmp_path / "report").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "<img src=x" not in html
    assert "<b>class" not in html


def test_a_bar_shows_the_share_of_the_largest_value(tmp_path: Path) -> None:
    page = Page(title="t")
    page.table(["class", "images"], [["a", 200], ["b", 50]], bars=["images"])

    page.write(tmp_path / "report")

    html = (tmp_path / "report").read_text(encoding="utf-8")
    assert "--share: 100.0%" in html
    assert "--share: 25.0%" in html


@pytest.mark.parametrize("num_classes", [2, 5, 200])
def test_a_heatmap_draws_any_number_of_classes(num_classes: int) -> None:
    names = [f"a class with a rather long name {index}" for index in range(num_classes)]

    svg = charts.heatmap(
        np.eye(num_classes),
        row_names=names,
        column_names=names,
        row_label="truth",
        column_label="prediction",
    )

    assert svg.startswith("<svg")
    assert ("long name" in svg) is False
    assert ("a class with a rather" in svg) is (num_classes <= charts.HEATMAP_NAMES_UP_TO)


def test_charts_take_the_ink_of_the_page_and_are_the_same_twice() -> None:
    drawn = [
        charts.curve([0, 1], [0, 1], x_label="x", y_label="y", diagonal=True) for _ in range(2)
    ]

    assert drawn[0] == drawn[1]
    assert "currentColor" in drawn[0]
    assert charts.INK not in drawn[0]


def test_a_thumbnail_is_small_and_keeps_tiny_pixels() -> None:
    photo = thumbnail_bytes(encoded(photograph(width=600, height=400), quality=95))
    digit = thumbnail_bytes(np.zeros((8, 8, 1), dtype=np.uint8))

    assert len(photo) < 12_000
    assert digit.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "yes"), (1234, "1,234"), (0.912345, "0.9123"), (12345.6, "12,346")],
)
def test_values_are_written_as_people_read_them(value: float | None, text: str) -> None:
    assert format_cell(value) == text
