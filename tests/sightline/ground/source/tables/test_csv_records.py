import csv
import io
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.ground.source.tables.csv_records import read_records

CELL = st.text(st.sampled_from(string.ascii_letters + ' ,;"\t\u00e9\n'), max_size=8)


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    # A comma in the first row decides the separator.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a,,,,;", "b,,,,,,,,,,,,,"], *rows])

    records = list(read_records(io.StringIO(text.getvalue(), newline="")))

    expected = [row for row in rows if any(cell.strip() for cell in row)]
    assert [list(record.cells) for record in records[1:]] == expected


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_as_csv_without_losing_a_plain_line(text: str) -> None:
    lines = ["a,b\n", *text.splitlines(keepends=True), "\n", "images/0.jpg,cat\n"]

    records = list(read_records(lines))

    assert any(record.cells[:2] == ("images/0.jpg", "cat") for record in records) or any(
        "images/0.jpg,cat" in cell for record in records for cell in record.cells
    )
