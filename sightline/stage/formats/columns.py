"""Arrow columns from Python values, without `pa.array`: that one imports pandas, which is slow."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def bytes_column(values: Sequence[bytes]) -> Any:
    """Return a binary column."""
    return _variable(pa.binary(), values, None)


def text_column(values: Sequence[str | None]) -> Any:
    """Return a text column; None stays null."""
    return _variable(pa.string(), [(value or "").encode() for value in values], _validity(values))


def number_column(values: Sequence[int]) -> Any:
    """Return a column of 32-bit integers."""
    numbers = np.asarray(values, dtype=np.int32)
    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(numbers)])


def text_list_column(values: Sequence[Sequence[str]]) -> Any:
    """Return a column of lists of text."""
    children = text_column([text for texts in values for text in texts])
    buffers = [None, _offsets([len(texts) for texts in values])]
    kind = pa.list_(pa.string())
    return pa.Array.from_buffers(kind, len(values), buffers, children=[children])


def _variable(kind: Any, values: Sequence[bytes], validity: Any) -> Any:
    buffers = [
        validity,
        _offsets([len(value) for value in values]),
        pa.py_buffer(b"".join(values)),
    ]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _offsets(lengths: Sequence[int]) -> Any:
    return pa.py_buffer(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def _validity(values: Sequence[object]) -> Any:
    """Return a bit per value, or nothing where none is null."""
    if all(value is not None for value in values):
        return None
    present = np.array([value is not None for value in values])
    return pa.py_buffer(np.packbits(present, bitorder="little"))
