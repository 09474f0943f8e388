import subprocess
import sys

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.stage.formats.columns import (
    array_column,
    bytes_column,
    number_column,
    text_column,
    text_list_column,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), TEXT), max_size=20))
def test_text_columns_hold_what_went_in(values: list[str | None]) -> None:
    column = text_column(values)

    column.validate(full=True)
    assert column.to_pylist() == values


@settings(deadline=None)
@given(st.lists(st.lists(TEXT, max_size=3), max_size=20))
def test_columns_of_lists_hold_what_went_in(values: list[list[str]]) -> None:
    column = text_list_column(values)

    column.validate(full=True)
    assert column.to_pylist() == values


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.lists(st.floats(width=32, allow_nan=False), max_size=3))))
def test_columns_of_arrays_hold_what_went_in(values: list[list[float] | None]) -> None:
    column = array_column([None if one is None else np.array(one, np.float32) for one in values])

    column.validate(full=True)
    assert column.to_pylist() == values


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.binary(max_size=9)), max_size=20),
    st.lists(st.integers(0, 2**31 - 1)),
)
def test_bytes_and_numbers_hold_what_went_in(blobs: list[bytes | None], numbers: list[int]) -> None:
    assert bytes_column(blobs).to_pylist() == blobs
    assert number_column(numbers).to_pylist() == numbers
    assert number_column(numbers).type == pa.int32()


def test_no_column_imports_pandas() -> None:
    program = (
        "import sys; from sightline.stage.formats import columns as c; c.text_column(['a', None]);"
        "c.text_list_column([['a']]); c.number_column([1]); c.bytes_column([b'a']);"
        "sys.exit('pandas' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
