"""Arrow columns from Python values, without `pa.array`: that one imports pandas, which is slow."""

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray[Any, np.dtype[Any]]
NOTHING = np.empty(0, dtype=np.float32)


def bytes_column(values: Sequence[bytes | None]) -> Any:
    """Return a binary column; None stays null."""
    return _variable(pa.binary(), [value or b"" for value in values], _validity(values))


def text_column(values: Sequence[str | None]) -> Any:
    """Return a text column; None stays null."""
    return _variable(pa.string(), [(value or "").encode() for value in values], _validity(values))


def number_column(values: Sequence[int], kind: Any = None) -> Any:
    """Return a column of 32-bit integers, or of a kind that is held as 64-bit ones."""
    numbers = np.asarray(values, dtype=np.int64 if kind else np.int32)
    return pa.Array.from_buffers(kind or pa.int32(), len(values), [None, pa.py_buffer(numbers)])


def text_list_column(values: Sequence[Sequence[str]]) -> Any:
    """Return a column of lists of text."""
    return list_column(values, text_column([text for texts in values for text in texts]))


def array_column(values: Sequence[Array | None]) -> Any:
    """Return a column of lists of 32-bit numbers, from arrays of one kind; None stays null."""
    whole = np.concatenate([value.ravel() for value in values if value is not None] or [NOTHING])
    children = pa.Array.from_buffers(
        pa.from_numpy_dtype(whole.dtype), len(whole), [None, pa.py_buffer(whole)]
    )
    return list_column([() if one is None else one.ravel() for one in values], children, values)


def list_column(
    values: Sequence[Sized], children: Any, validity: Sequence[object] | None = None
) -> Any:
    """Return a column of lists as long as `values`, whose elements all stand in `children`."""
    buffers = [_validity(validity or ()), _offsets([len(one) for one in values])]
    kind = pa.list_(children.type)
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
