"""What labelling tools export, as rows of corrections."""

from collections.abc import Iterator
from typing import Any

from sightline.ground.source.labelling_tools import fiftyone, label_studio


def decisions_in(content: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the row of each task or sample of a tool's JSON.

    Raises:
        ValueError: it is no export of what `sightline data suspects` wrote; says what is wrong.
    """
    is_fiftyone = isinstance(content, dict)
    tool, name = (fiftyone, "sample") if is_fiftyone else (label_studio, "task")
    for number, row in enumerate(tool.decisions_in(content), start=1):
        yield f"{name} {number}", row
