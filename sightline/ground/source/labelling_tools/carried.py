"""Rows of corrections in the fields of a labelling tool, which come back with its export."""

from collections.abc import Mapping
from typing import Any

DECISIONS = ("keep", "relabel", "drop")
PREFIX = "sightline_"
"""How the fields begin that carry a row."""


def carried(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that carry a row, without the empty ones."""
    return {PREFIX + name: value for name, value in row.items() if value not in ("", None)}


def row_in(fields: object, place: str) -> dict[str, Any]:
    """Return the row that came back.

    Raises:
        ValueError: none did.
    """
    named = fields.items() if isinstance(fields, Mapping) else ()
    row = {
        name.removeprefix(PREFIX): value for name, value in named if str(name).startswith(PREFIX)
    }
    if "id" not in row:
        raise ValueError(f"{place} without {PREFIX}id")
    return row
