"""One label for every image: a word. Several are read, too, for label_check to tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.source.refusals import UNREADABLE_ROW, RefusedError
from sightline.ground.source.targets import Target
from sightline.ground.source.words import clean_labels
from sightline.problems.reader import Reader as Questions


class Reader(Questions):
    """Words are labels."""

    def read_words(self, words: Sequence[str]) -> Target:
        return Target(clean_labels(words))

    def read_line(self, content: Mapping[str, Any]) -> Target:
        return Target(clean_labels(_display_names(content)))


def _display_names(content: Mapping[str, Any]) -> list[str]:
    """Return the labels of `classificationAnnotation` or of several `classificationAnnotations`."""
    annotations = content.get("classificationAnnotations", [])
    single = content.get("classificationAnnotation")
    if not isinstance(annotations, list):
        raise RefusedError(UNREADABLE_ROW, "expected a list in classificationAnnotations")
    names: list[str] = []
    for annotation in [*annotations, *([] if single is None else [single])]:
        name = annotation.get("displayName") if isinstance(annotation, dict) else None
        if not isinstance(name, str):
            raise RefusedError(UNREADABLE_ROW, "expected text in displayName of an annotation")
        names.append(name)
    return names
