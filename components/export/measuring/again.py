"""Ask a bundle that was signed again its golden requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sightline.ground.errors import DataError
from sightline.ground.models.formats import TENSORFLOW
from sightline.problems import Problem
from sightline.stage.answering.engine import BY_ENGINE, SAVED_MODEL, Engine
from sightline.stage.answering.pixel_models import PixelServable
from sightline.stage.answering.servable import Servable
from sightline.stage.formats.bundle import BundleInfo, GoldenRequest, read_golden, write_golden
from sightline.stage.formats.model import ModelInfo

TOLERANCE = 0.02
"""Of an exact form, where the bundle says nothing."""
AGREEMENT = 0.9
"""Of a form that rounds, in the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resigned:
    """Two bundles of one model."""

    bundle: Path
    resigned: Path
    before: BundleInfo
    trained: ModelInfo
    """With the new names of classes."""
    problem: Problem
    names: Mapping[str, str]
    """Old name of a class -> the new one."""
    added: Sequence[str]
    """Engines whose forms are new."""


def ask_again(both: Resigned) -> tuple[Engine, ...]:
    """Write golden requests with the answers of every form; return the bundle's engines.

    Forms that were there keep what export measured of them; new ones are measured on the golden
    requests alone.

    Raises:
        DataError: a form answers otherwise than the bundle did.
    """
    requests, serving = read_golden(both.bundle), both.problem.serving
    given = _answers(both, [request.image for request in requests])
    engines = {engine.name: engine for engine in both.before.engines}
    for name, answers in given.items():
        if name in both.added:
            engines[name] = _measured(name, serving.same(given[TENSORFLOW], answers))
            continue
        expected = [
            serving.from_json(renamed(one.expected_of(name), both.names)) for one in requests
        ]
        largest = float(serving.same(expected, answers).largest.max())
        if not largest <= (allowed := engines[name].tolerance or TOLERANCE):
            raise DataError(
                f"{both.bundle}: expected {BY_ENGINE[name].label} to repeat its golden answers "
                f"within {allowed:g}, received a difference of {largest:.4f}. Export the model "
                "again."
            )
    _write_golden(both.resigned, requests, given, serving)
    order = list(BY_ENGINE)
    return tuple(sorted(engines.values(), key=lambda one: order.index(one.name)))


def _answers(both: Resigned, images: Sequence[bytes]) -> dict[str, list[Any]]:
    """Return what every form of the new bundle answers, by engine."""
    asked = (both.problem.serving, both.trained.classes, both.trained.contract)
    given = {TENSORFLOW: Servable[Any](both.resigned / SAVED_MODEL, *asked).answer(images)}
    for name in (*files_of(both.before), *both.added):
        if name != TENSORFLOW:
            place = both.resigned / BY_ENGINE[name].file
            answered = PixelServable[Any](name, place, *asked).give(images)
            given[name] = [one.answer for one in answered]
    return given


def files_of(info: BundleInfo) -> dict[str, str]:
    """Return the file of every engine that a bundle has."""
    return {engine.name: engine.file for engine in info.engines if engine.file}


def renamed(content: Any, names: Mapping[str, str]) -> Any:
    """Return JSON with every text that is the name of a class as its new name."""
    if isinstance(content, dict):
        return {key: renamed(value, names) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [renamed(value, names) for value in content]
    return names.get(content, content) if isinstance(content, str) else content


def _measured(name: str, sameness: Any) -> Engine:
    form = BY_ENGINE[name]
    return Engine(
        name=name,
        file=form.file,
        num_images=len(sameness.agrees),
        top1_agreement=round(float(sameness.agrees.mean()), 4),
        max_difference=float(sameness.largest.max()),
        required_agreement=AGREEMENT if form.rounds else None,
        tolerance=None if form.rounds else TOLERANCE,
    )


def _write_golden(
    resigned: Path, requests: Sequence[GoldenRequest], given: Mapping[str, list[Any]], serving: Any
) -> None:
    write_golden(
        resigned,
        [
            replace(
                request,
                expected=serving.as_json(given[TENSORFLOW][row]),
                engines={
                    name: serving.as_json(answers[row])
                    for name, answers in given.items()
                    if name != TENSORFLOW
                },
            )
            for row, request in enumerate(requests)
        ],
    )
