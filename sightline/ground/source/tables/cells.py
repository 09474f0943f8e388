"""What typed tables hold, as the cells that a CSV would have."""

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sightline.ground.source.tables.csv_records import Record

SEPARATORS = ("|", ";", ",")
ONE_LABEL = "none"
"""What says, instead of a separator, that a cell holds one label, whatever is in it."""
ITEM = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,'"\[\]]+)"""
NUMPY_LIST = re.compile(rf"\[\s*{ITEM}(?:\s+{ITEM})+\s*\]", re.DOTALL)


def record_of(line: int, names: Iterable[str], row: Mapping[str, Any]) -> Record:
    """Return a row of named values as cells; a list of words is kept beside them."""
    values = [row.get(name) for name in names]
    several = {
        at: tuple(map(cell_of, value))
        for at, value in enumerate(values)
        if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value)
    }
    cells = [
        "; ".join(several[at]) if at in several else cell_of(value)
        for at, value in enumerate(values)
    ]
    return Record(line, tuple(cells), several=several)


def cell_of(value: object) -> str:
    """Return a value as a CSV would have it; a whole number that a gap made a fraction is whole."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def words_of_list(cell: str) -> list[str] | None:
    """Return the words of a cell that holds a list; else None.

    JSON, Python and NumPy write lists, each in its own way.
    """
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    for read in (json.loads, _python_list):
        try:
            found = read(text)
            return [cell_of(one) for one in found] if isinstance(found, list) else None
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _python_list(text: str) -> Any:
    if NUMPY_LIST.fullmatch(text):
        # NumPy writes no commas, without which Python takes words for one long one.
        text = f"[{', '.join(re.findall(ITEM, text, re.DOTALL))}]"
    return ast.literal_eval(text)


def find_separator(cells: Sequence[str]) -> str:
    """Return what parts several labels in the cells of a column; nothing where none is seen."""
    told = [cell for cell in cells if words_of_list(cell) is None]
    counts = {mark: sum(mark in cell for cell in told) for mark in SEPARATORS}
    most = max(SEPARATORS, key=counts.__getitem__)
    return most if counts[most] else ""


def names_of(rows: Sequence[object]) -> list[str]:
    """Return the names of all rows, in the order in which they first come."""
    return list(dict.fromkeys(str(name) for row in rows if isinstance(row, dict) for name in row))
