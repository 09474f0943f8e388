"""Boxes of Vertex AI's import format: shares of the upright image."""

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.source.refusals import MISSING_LABEL, UNREADABLE_ROW, RefusedError
from sightline.ground.source.targets import Target
from sightline.problems.reader import Reader as Questions

EDGES = ("xMin", "yMin", "xMax", "yMax")


class Reader(Questions):
    """A value is a list of {"label": ..., "box": [left, top, right, bottom]}."""

    def read_words(self, words: Sequence[str]) -> Target:
        raise RefusedError(MISSING_LABEL, "a class without a box", words=words)

    def read_line(self, content: Mapping[str, Any]) -> Target:
        found = content.get("boundingBoxAnnotations")
        if not found:
            raise RefusedError(MISSING_LABEL, "no boundingBoxAnnotations")
        try:
            value = [
                {"label": one["displayName"], "box": [float(one[edge]) for edge in EDGES]}
                for one in found
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise RefusedError(UNREADABLE_ROW, "expected displayName and four edges") from error
        return Target(tuple(dict.fromkeys(one["label"] for one in value)), value)
