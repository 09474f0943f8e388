"""Which table of a folder gives its labels, or which parts of one."""

import re
from collections.abc import Sequence

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import TABLE_SUFFIXES, Files, suffix
from sightline.ground.source.folders.class_folders import Layout
from sightline.ground.source.rows import SPLIT_WORDS
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables import json_table
from sightline.ground.source.tables.records import format_of

PART = re.compile(r"(?:.*/)?([^/]+?)-\d+-of-\d+\.parquet")
"""How Hugging Face's datasets name the parts of a table: `train-00000-of-00002.parquet`."""


def choose_tables(layout: Layout, settings: SourceSettings, files: Files) -> dict[str, str | None]:
    """Return the table of a folder that gives its labels; nothing where class folders do.

    Parts of one table are several, each with the split that its name tells.

    Raises:
        DataError: there are several tables, or none where the settings want one.
    """
    wanted = settings.source_format
    # Where no image lies in a folder, tables of images do.
    inside = () if layout.classes else tuple(entry.path for entry in layout.entries)
    tables = [path for path in (*layout.ignored, *inside) if _is_table(path, wanted)]
    if wanted == "auto" and len(layout.classes) < 2:
        others = [path for path in tables if suffix(path) != ".json"]
        # Much else is kept in JSON beside images: only one that holds rows is a table.
        tables = others or [path for path in tables if json_table.holds_rows(files, path)]
    shallowest = min((path.count("/") for path in tables), default=0)
    tables = [path for path in tables if path.count("/") == shallowest]
    if wanted == "folder" or (wanted == "auto" and (len(layout.classes) > 1 or not tables)):
        return {}
    if parts := parts_of(tables):
        return parts
    if len(tables) == 1:
        return {tables[0]: None}
    received = f"{len(tables)}: {shorten(tables)}" if tables else "none"
    raise DataError(
        f"{files.location}: expected one table beside the images, received {received}. Pass the "
        "table itself as ingest.source, or set ingest.source_format to folder."
    )


def parts_of(tables: Sequence[str]) -> dict[str, str | None]:
    """Return the parts of a table with the split of each; nothing where a table is none."""
    names = [PART.fullmatch(table) for table in tables]
    if not all(names):
        return {}
    return {
        table: SPLIT_WORDS.get(name[1].lower())
        for table, name in zip(tables, names, strict=True)
        if name
    }


def _is_table(path: str, wanted: str) -> bool:
    return suffix(path) in TABLE_SUFFIXES and wanted in ("auto", format_of(path))
