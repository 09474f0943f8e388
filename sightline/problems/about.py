"""What a kind knows of a dataset as a whole, such as the unit of its numbers."""

from collections.abc import Mapping
from typing import Any

About = Mapping[str, Any]
"""Values of JSON: settings of the kind, and what was learned from the training images. They stand
in every artifact, so whoever holds one can ask."""


class Informed:
    """Answers the questions of a kind for one dataset."""

    def __init__(self, about: About | None = None) -> None:
        self.about: About = dict(about or {})
