"""How the annotations of a source are read."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sightline.ground.source.targets import Target
from sightline.problems.about import Informed


class Reader(Informed, ABC):
    """The questions about annotations; ingest and `sightline init` ask them.

    The user's side loads this: it imports nothing but the ground.
    """

    several: ClassVar[bool] = False
    """Whether an image may have several labels, or none: a cell of a table then holds them all."""

    @property
    def joins(self) -> bool:
        """Whether rows of one image are one, with the labels of all of them."""
        return self.several

    @abstractmethod
    def read_words(self, words: Sequence[str]) -> Target:
        """Read the words of a table's label cell, or the name of a class folder.

        Raises:
            RefusedError: this is no target of this kind.
        """

    @abstractmethod
    def read_line(self, content: Mapping[str, Any]) -> Target:
        """Read the annotations of a line of JSON in Vertex AI's import format of this kind.

        Raises:
            RefusedError: there are none, or they are unsound.
        """

    def suits(self, rows: Sequence[Sequence[str]]) -> str:
        """Say why annotations look like this kind's, for `sightline init`; nothing if they do not.

        `rows` holds the words of each image as the source writes them, several where a cell does.
        """
        return ""
