"""What the source says of an image, and who reads it: a kind of problem does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be learned about one image."""

    labels: tuple[str, ...]
    """Every class that occurs, each once; empty where the kind knows no classes."""
    value: Any = None
    """What the kind keeps beside the labels, such as boxes: None where labels say it all."""

    @property
    def title(self) -> str:
        """What to call the target under a picture; empty where it has no label."""
        return self.labels[0] if self.labels else ""


class TargetReader(Protocol):
    """Reads annotations as one kind of problem means them."""

    @property
    def several(self) -> bool: ...

    @property
    def joins(self) -> bool: ...

    def read_words(self, words: Sequence[str]) -> Target: ...

    def read_line(self, content: Mapping[str, Any]) -> Target: ...
