"""The golden pictures of a version with their answers, for the page on which people try it."""

import base64
from typing import Any

from sightline.problems.open_version import OpenVersion

MOST_PICTURES = 12
MOST_BYTES = 4 << 20


def pictures(version: OpenVersion) -> list[dict[str, Any]]:
    """Return as many golden pictures as are a quick page, as base64, each with its answer."""
    found: list[dict[str, Any]] = []
    room = MOST_BYTES
    for golden in version.golden[:MOST_PICTURES]:
        room -= len(golden.image)
        if room < 0:
            break
        text = base64.b64encode(golden.image).decode("ascii")
        answer = golden.expected_of(version.engine)
        found.append({"id": golden.id, "b64": text, "answer": answer})
    return found
