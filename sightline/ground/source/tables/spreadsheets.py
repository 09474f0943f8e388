"""Cells that spreadsheets would run, and tables that Sightline writes for people to edit."""

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "|")
OWN_PREFIX = "sightline."
"""How columns begin that Sightline adds to a table: they are passed over when it comes back."""


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before it."""
    return f"'{cell}" if cell.lstrip()[:1] in FORMULA_MARKS and cell.strip() else cell


def restored(cell: str) -> str:
    """Return a cell without the apostrophe that `defused` put before it."""
    return cell[1:] if cell[:1] == "'" and defused(cell[1:]) == cell else cell
