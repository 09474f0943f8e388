"""A version of a model folder in memory, once its files and its answers are known to be sound."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.ground.errors import DataError, shorten
from sightline.problems.problem import Problem, problem_of
from sightline.stage.formats.bundle import BundleInfo, GoldenRequest, read_golden, read_sound
from sightline.stage.formats.engine import TENSORFLOW
from sightline.stage.formats.servable import Servable


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVersion:
    """A version that is what export made, and answers as it did there."""

    info: BundleInfo
    problem: Problem
    model: Servable[Any]
    golden: list[GoldenRequest]
    max_difference: float
    """Largest difference of any number in an answer from the golden one."""


def open_version(place: Path, tolerance: float) -> OpenVersion:
    """Load the SavedModel of a version whose files are whole, and ask it the golden requests.

    Whoever answers with a version gets it here: deploy, server, predict, doctor, champion.

    Raises:
        DataError: a file is damaged, it does not load, or an answer differs by more than
            `tolerance`.
    """
    info = read_sound(place)
    golden = read_golden(place)
    if not golden:
        raise DataError(
            f"{place}: expected golden requests to test the version with, received none. "
            "Run export again."
        )
    problem = problem_of(info.problem)
    model: Servable[Any] = Servable(place, problem.serving, info.classes, info.contract)
    difference = golden_difference(place, problem, golden, model.answer, tolerance=tolerance)
    return OpenVersion(
        info=info, problem=problem, model=model, golden=golden, max_difference=difference
    )


def golden_difference(
    place: Path,
    problem: Problem,
    golden: Sequence[GoldenRequest],
    answer: Callable[[Sequence[bytes]], Sequence[Any]],
    *,
    tolerance: float,
    engine: str = TENSORFLOW,
) -> float:
    """Return by how much an engine's answers to golden requests differ at most.

    Raises:
        DataError: one differs by more than `tolerance`.
    """
    serving = problem.serving
    received = answer([one.image for one in golden])
    expected = [serving.from_json(request.expected_of(engine)) for request in golden]
    try:
        differences = serving.same(expected, received).largest
    except DataError as error:
        raise DataError(f"{place}: {error} Run export again.") from error
    wrong = [
        f"{golden[row].id[:12]} (expected {serving.caption(expected[row])[0]}, received "
        f"{serving.caption(received[row])[0]}, differs by {difference:.4f})"
        for row, difference in enumerate(differences)
        if difference > tolerance
    ]
    if wrong:
        raise DataError(
            f"{place}: expected the {len(golden)} golden answers within {tolerance:g}, "
            f"received others: {shorten(wrong)}. Export on the kind of machine that serves, or "
            "raise deploy.smoke_tolerance."
        )
    return float(differences.max())
