import io
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.ground.pages import POLICY
from sightline.stage.report import charts
from sightline.stage.report.images import Opening, Thumbnail, thumbnail_bytes
from sightline.stage.report.links import Link, original
from sightline.stage.report.page import Page, column_texts, format_cell
from sightline.stage.report.warned import read_warnings
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
    names = [f"a class with a rather long name, number {index}" for index in range(num_classes)]

    svg = charts.heatmap(
        np.eye(num_classes),
        row_names=names,
        column_names=names,
        row_label="truth",
        column_label="prediction",
    )

    assert svg.startswith("<svg")
    assert ("long name" in svg) is False
    assert ("number 1" in svg) is (num_classes <= charts.HEATMAP_NAMES_UP_TO)


def test_links_of_charts_and_tables_lead_to_what_the_page_opens_and_others_are_plain(
    tmp_path: Path,
) -> None:
    svg = charts.heatmap(
        np.array([[3, 1], [0, 2]]),
        row_names=["a<b", "c"],
        column_names=["a<b", "c"],
        row_label="truth",
        column_label="prediction",
        links=lambda row, column: f"cell-{row}-{column}",
    )
    page = Page(title="evaluate")
    page.figure(svg, caption="Where each class goes.", opens="Choose a cell.")
    page.table(
        ["label", "missed"],
        [
            ["a", Link("7", "#label-a", is_number=True)],
            ["b", Link("0", "#label-b", is_number=True)],
        ],
        opens="Choose a number.",
    )
    picture = Thumbnail(image=np.zeros((8, 8, 3), np.uint8), title="c 0.9")
    opened = [Opening(anchor, "title", "1 image.", [picture]) for anchor in ("cell-0-1", "label-a")]
    page.openings(opened, size_px=96)
    page.write(tmp_path / "report")

    html = (tmp_path / "report").read_text(encoding="utf-8")

    assert re.findall(r'popovertarget="([^"]+)"(?! popovertargetaction)', html) == [
        "cell-0-1",
        "label-a",
    ]
    assert 'title="truth a&lt;b, prediction c: 1"' in html
    assert "Where each class goes. Choose a cell." in html
    assert "Choose a number." in html
    assert re.findall(r'<section class="opening" popover id="([^"]+)"', html) == [
        "cell-0-1",
        "label-a",
    ]


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


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 3), (9, 1, 3), (1, 1, 1)])
def test_an_image_of_one_row_or_column_keeps_its_shape(shape: tuple[int, int, int]) -> None:
    drawn = Image.open(io.BytesIO(thumbnail_bytes(np.full(shape, 200, np.uint8))))

    assert drawn.size == (shape[1], shape[0])


def test_a_page_tells_what_it_warns_of_and_nothing_else(tmp_path: Path) -> None:
    page = Page(title="preprocess")
    page.notice("warning", 'The class "<b>" has no test image.', detail="Add images.")
    page.notice("info", "All images are square.")
    page.notice("error", "Hold: accuracy.", told=False)
    page.notice("error", "Nothing can be learned.")

    page.write(tmp_path / "report")

    assert read_warnings(tmp_path / "report") == (
        'The class "<b>" has no test image. Add images.',
        "Nothing can be learned.",
    )


def test_a_markdown_document_is_shown_as_people_read_it(tmp_path: Path) -> None:
    page = Page(title="export")
    page.document(
        "---\nlicence: mit\n---\n\n# rose & co\n\n- `x`\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\n"
        "<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://host/z.png)\n"
    )

    page.write(tmp_path / "page.html")

    text = (tmp_path / "page.html").read_text()
    assert all(part in text for part in ("<h1>rose &amp; co</h1>", "<code>x</code>", "<td>1</td>"))
    assert "licence" not in text
    assert "&lt;script&gt;" in text
    assert not any(part in text for part in ("<script", '="javascript', "<img"))


def test_numbers_beside_a_long_name_stay_a_table_on_a_phone(tmp_path: Path) -> None:
    page = Page(title="preprocess")
    page.table(["class", "train", "test"], [["a rather long class name of species 1", 7, 1]])

    page.write(tmp_path / "page.html")

    assert 'class="scroll cards"' not in (tmp_path / "page.html").read_text()


def test_a_page_may_run_nothing_and_load_nothing(tmp_path: Path) -> None:
    full_page().write(tmp_path / "report")

    html = (tmp_path / "report").read_text(encoding="utf-8")
    assert unescape(html).count(f'"Content-Security-Policy" content="{POLICY}"') == 1
    assert "default-src 'none'" in POLICY


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.86, 0.857, 1.0, None], ["0.860", "0.857", "1.000", "–"]),
        ([1, 2], ["1", "2"]),
        ([0.5, 0.00001], ["0.5", "1e-05"]),
        (["0.5", 0.25], ["0.5", "0.25"]),
    ],
)
def test_fractions_of_a_column_have_the_same_decimals(
    values: list[str | float | None], texts: list[str]
) -> None:
    assert column_texts(values) == texts


def test_a_column_of_long_texts_becomes_cards_on_a_phone(tmp_path: Path) -> None:
    page = Page(title="t")
    page.table(["name", "count", "why"], [["a", 1, "a reason that needs a whole line for itself"]])
    page.table(["name", "count", "why"], [["a", 1, "short"]])

    page.write(tmp_path / "report")

    html = (tmp_path / "report").read_text(encoding="utf-8")
    assert html.count('<div class="scroll cards">') == 1
    assert html.count('<div class="scroll">') == 1


def test_the_original_opens_where_it_is_a_file_of_this_machine_or_on_the_web(
    tmp_path: Path,
) -> None:
    photo, archive = tmp_path / "a b.jpg", tmp_path / "photos.zip"
    photo.touch()
    archive.touch()

    places = (str(photo), "https://a.test/b.jpg", f"{archive}/c.jpg", "gs://bucket/d.jpg", "e.jpg")

    assert [original(place).address for place in places] == [
        photo.as_uri(),
        "https://a.test/b.jpg",
        "",
        "",
        "",
    ]
