"""What an answer is to a client, and when two answers are the same."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from sightline.ground.errors import DataError
from sightline.ground.models.signatures import BEST_FIELDS
from sightline.problems.about import Informed
from sightline.stage.answering.best import best_of

Answer = TypeVar("Answer")
Arrays = Mapping[str, np.ndarray[Any, Any]]
"""What a model gives for n images: name of an output -> [n, ...]."""


@dataclass(frozen=True, slots=True)
class Sameness:
    """How close n answers come to n others."""

    agrees: np.ndarray[Any, np.dtype[np.bool_]]
    """Whether a client would take both for the same [n]."""
    largest: np.ndarray[Any, np.dtype[np.floating[Any]]]
    """Largest difference of any number in an answer [n]; infinite where they do not compare."""
    mean: float
    """Mean difference over all numbers of all answers."""


def differences(
    expected: Sequence[Any], received: Sequence[Any], *, exact: bool = False
) -> np.ndarray[Any, np.dtype[np.floating[Any]]]:
    """Return how far numbers of answers lie apart [n, ...]; infinite where one is none.

    `exact` compares in double precision, else in that of probabilities.

    Raises:
        DataError: the answers hold another count of numbers.
    """
    precision = "float64" if exact else "float32"
    first, second = (np.array(numbers, dtype=precision) for numbers in (expected, received))
    if first.shape != second.shape:
        raise DataError(f"expected numbers of shape {first.shape}, received {second.shape}.")
    # A NaN agrees with nothing and must not hide behind a comparison that it makes false.
    return np.asarray(np.nan_to_num(np.abs(first - second), nan=np.inf))


class Serving(Informed, ABC, Generic[Answer]):
    """The questions about answers; export, deploy, evaluate and the server ask them.

    TensorFlow is imported inside functions.
    """

    outputs: tuple[str, ...]
    """Names of what the network gives, in its order."""
    fields: str
    """What an answer in JSON holds, in words."""

    @abstractmethod
    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        """Return the tensors of the SavedModel's answer: the network's own and what follows.

        `names` is a string tensor [classes].
        """

    def ranked(self, outputs: Mapping[str, Any], names: Any) -> Any:
        """Return a tensor of probabilities [n, classes] in the order of `names`.

        The best of them are named; None where this kind has none.
        """
        return None

    def chances(self, answer: Answer, classes: Sequence[str]) -> Sequence[float] | None:
        """Return what `ranked` tells of one answer, in the order of `classes`."""
        return None

    def best(self, answer: Answer, classes: Sequence[str], count: int) -> dict[str, Any] | None:
        """Return the most probable classes by name, as the signature of the SavedModel does.

        None where this kind has none.
        """
        chances = self.chances(answer, classes)
        return None if chances is None else best_of(chances, classes, count)

    @abstractmethod
    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[Answer]:
        """Return the answers to n images.

        They are made of what the SavedModel gives, or of what the network alone gives to a client
        without TensorFlow.
        """

    @abstractmethod
    def as_json(self, answer: Answer) -> dict[str, Any]:
        """Return an answer as clients see it, and as golden requests keep it."""

    @abstractmethod
    def named(self, answer: Answer, classes: Sequence[str]) -> dict[str, Any]:
        """Return an answer as a person reads it; `classes` is empty where no one knows them."""

    def cells(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `named` tells as cells of a table: text and numbers, by column.

        What is told of several classes has a column for each, in their order, as
        `probabilities.rose`; what is told of the most probable ones, by their rank, as
        `class_names.1`.
        """
        row: dict[str, Any] = {}
        for name, value in named.items():
            if isinstance(value, Mapping):
                row.update({f"{name}.{key}": value[key] for key in sorted(value)})
            elif name in BEST_FIELDS:
                row.update({f"{name}.{rank}": one for rank, one in enumerate(value, start=1)})
            elif isinstance(value, str | int | float):
                row[name] = value
            else:
                row[name] = json.dumps(value)
        return row

    def confidence(self, answer: Answer) -> float | None:
        """Return how sure the model is of an answer, up to 1; None where the kind cannot tell."""
        return None

    @abstractmethod
    def from_json(self, content: Mapping[str, Any]) -> Answer:
        """Read an answer.

        Raises:
            KeyError, TypeError: it is none of this kind.
        """

    @abstractmethod
    def group(self, answer: Answer) -> str:
        """Name what golden requests shall have one of each, such as the class."""

    @abstractmethod
    def caption(self, answer: Answer) -> tuple[str, str]:
        """Say an answer in two or three words, and how sure the model is of it, if it says that."""

    @abstractmethod
    def same(self, expected: Sequence[Answer], received: Sequence[Answer]) -> Sameness:
        """Compare answers to the same images, in the same order.

        Raises:
            DataError: they cannot be compared, as with another number of classes.
        """
