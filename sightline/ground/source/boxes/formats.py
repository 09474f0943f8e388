"""How files look that say where in an image things are: COCO, VOC, YOLO, Vertex AI and others."""

import json
import re
from collections.abc import Sequence
from typing import IO

from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.targets import TargetReader

YOLO_LINE = re.compile(rb"\s*\d+(\s+-?[0-9.]+(e-?\d+)?){4,}\s*", re.IGNORECASE)
CORNERS = frozenset(("xmin", "ymin", "xmax", "ymax"))
JSON_FORMATS = (
    ("COCO", (b'"images"', b'"annotations"'), b'"bbox"'),
    ("Create ML", (b'"annotations"',), b'"coordinates"'),
    ("LabelMe", (b'"shapes"',), b'"points"'),
    ("FiftyOne", (b'"labels"',), b'"bounding_box"'),
)
"""What each is called, the keys that it has, and the key of which each box has one."""
VERTEX_KEY = "boundingBoxAnnotations"
VERTEX_CELLS = 8
"""Corners behind the label in Vertex AI's CSV, some of them empty."""
CHUNK_BYTES = 1 << 20


def count_in_json(stream: IO[bytes]) -> tuple[str, int]:
    """Return which format of boxes a JSON document has, and how many; nothing and 0 for none.

    Documents of a gigabyte are read in parts.
    """
    keys = {key for _, needed, counted in JSON_FORMATS for key in (*needed, counted)}
    counts = dict.fromkeys(keys, 0)
    longest = max(map(len, keys))
    end = b""
    while chunk := stream.read(CHUNK_BYTES):
        for key in keys:
            counts[key] += (end + chunk).count(key) - end.count(key)
        end = chunk[-longest + 1 :]
    for name, needed, counted in JSON_FORMATS:
        if counts[counted] and all(counts[key] for key in needed):
            return name, counts[counted]
    return "", 0


def count_in_voc(data: bytes) -> int | None:
    """Return how many boxes a Pascal VOC file has, or None where it is none."""
    return data.count(b"<bndbox") if b"<annotation" in data[:2000] else None


def count_in_yolo(data: bytes) -> int | None:
    """Return how many boxes or outlines a YOLO file has, or None where it is none."""
    lines = [line for line in data.splitlines() if line.strip()]
    return len(lines) if all(map(YOLO_LINE.fullmatch, lines)) else None


def count_in_vertex_line(line: str, reader: TargetReader) -> int:
    """Return how many boxes a line of Vertex AI's JSONL has, where the reader cannot read it."""
    if VERTEX_KEY not in line:
        return 0
    try:
        content = json.loads(line)
    except ValueError:
        return 0
    boxes = content.get(VERTEX_KEY) if isinstance(content, dict) else None
    if not isinstance(boxes, list):
        return 0
    try:
        reader.read_line(content)
    except RefusedError:
        return len(boxes)
    return 0


def is_vertex_row(cells: Sequence[str]) -> bool:
    """Tell whether a CSV row ends in the corners of a box, as Vertex AI's rows do."""
    corners = [cell.strip() for cell in cells[-VERTEX_CELLS:]]
    if len(cells) not in (VERTEX_CELLS + 2, VERTEX_CELLS + 3):
        return False
    told = [corners[at] for at in (0, 1, 4, 5)]
    rest = [corner for corner in corners if corner]
    return all(told) and all(map(_is_share, rest))


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
