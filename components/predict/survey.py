"""Counts over all answers, for the report: one shard at a time is in memory."""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sightline.batch.rows import own_columns, read_rows

Floats = np.ndarray[Any, np.dtype[np.float64]]
MOST_ANSWERS = 1_000
"""Different answers that are counted; of more, those of the first images are."""
MOST_EXAMPLES = 5


class LeastSure(NamedTuple):
    """An image that the model is not sure of."""

    confidence: float
    shard: int
    at: int
    """Its place in the shard."""
    answer: str
    uri: str


@dataclass(slots=True)
class Survey:
    """What was answered."""

    num_images: int = 0
    num_refused: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    confidences: list[Floats] = field(default_factory=list)
    numbers: dict[str, list[Floats]] = field(default_factory=dict)
    """Where answers are numbers: name of the column -> what was answered."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Kind of refusal -> images."""
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Kind of refusal -> a few images, each with the whole reason."""
    least_sure: list[LeastSure] = field(default_factory=list)


def survey_of(shards: Sequence[Path], *, num_least_sure: int) -> Survey:
    """Count what the answers to shards say.

    Raises:
        DataError: one is damaged.
    """
    survey = Survey()
    for number, path in enumerate(shards):
        _add(survey, number, read_rows(path), num_least_sure)
    return survey


def _add(survey: Survey, shard: int, table: Any, num_least_sure: int) -> None:
    uris, errors = table.column("uri").to_pylist(), table.column("error").to_pylist()
    said, sure = table.column("answer").to_pylist(), table.column("confidence").to_pylist()
    survey.num_images += len(uris)
    for uri, error in zip(uris, errors, strict=True):
        if error:
            _refuse(survey, uri, error)
    for answer in filter(None, said):
        if answer in survey.answers or len(survey.answers) < MOST_ANSWERS:
            survey.answers[answer] += 1
    told = [value for value in sure if value is not None]
    survey.confidences.append(np.asarray(told, dtype=np.float64))
    if not told and any(said):
        _add_numbers(survey, table)
    found = [
        LeastSure(value, shard, at, said[at], uris[at])
        for at, value in enumerate(sure)
        if value is not None
    ]
    survey.least_sure = heapq.nsmallest(num_least_sure, [*survey.least_sure, *found])


def _refuse(survey: Survey, uri: str, error: str) -> None:
    survey.num_refused += 1
    kind = _kind(error)
    survey.reasons[kind] += 1
    examples = survey.examples.setdefault(kind, [])
    if len(examples) < MOST_EXAMPLES:
        examples.append((uri, error))


def _kind(error: str) -> str:
    """Return what refusals of one kind begin with, without what is of this image."""
    begin = error.partition(": ")[0].partition(", received")[0].partition(";")[0]
    return begin[:80]


def _add_numbers(survey: Survey, table: Any) -> None:
    """Keep what was answered where the kind of problem answers numbers, not classes."""
    for name in own_columns(table.column_names):
        column = table.column(name)
        if str(column.type) == "double":
            values = column.drop_null().to_numpy()
            survey.numbers.setdefault(name, []).append(values)
