"""Ask a bundle that was signed again its golden requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.export.measuring.engines import engines_of, in_order
from components.export.measuring.golden import answered
from components.export.measuring.parity import compare_form, keep_or_remove
from components.export.settings import ExportSettings
from sightline.ground.errors import DataError
from sightline.ground.models.formats import TENSORFLOW
from sightline.problems import Problem
from sightline.stage.answering.engine import BY_ENGINE, SAVED_MODEL, Engine
from sightline.stage.answering.pixel_models import PixelServable
from sightline.stage.answering.servable import Servable
from sightline.stage.formats.bundle import BundleInfo, GoldenRequest, read_golden, write_golden
from sightline.stage.formats.model import ModelInfo

TOLERANCE = ExportSettings().parity_tolerance
"""Of a form that was there, where the bundle says nothing."""


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
    left_out: Mapping[str, str]
    """Engines whose forms could not be made, and why."""


def ask_again(both: Resigned) -> tuple[Engine, ...]:
    """Write golden requests with the answers of every form; return the bundle's engines.

    Forms that were there keep what export measured of them; new ones are held on the golden
    requests alone to what export holds them to: one that rounds and loses too much is taken out.

    Raises:
        DataError: a form answers otherwise than the bundle did.
    """
    requests, serving = read_golden(both.bundle), both.problem.serving
    given = _answers(both, [request.image for request in requests])
    for engine in both.before.engines:
        if engine.name in given and engine.name not in both.added:
            _require_same(both, engine, requests, given[engine.name])
    demanded, ids = _demanded(both), [request.id for request in requests]
    results = []
    for name in both.added:
        same = serving.same(given[TENSORFLOW], given[name])
        result = compare_form(BY_ENGINE[name], both.resigned, same, ids, demanded)
        results.append(keep_or_remove(result, both.resigned, demanded))
        if not results[-1].kept:
            del given[name]
    asked = [(request.id, request.image) for request in requests]
    write_golden(both.resigned, answered(asked, given, serving))
    new = engines_of(results, both.left_out, demanded)
    names = {one.name for one in new}
    return in_order([*(one for one in both.before.engines if one.name not in names), *new])


def _require_same(
    both: Resigned, engine: Engine, requests: Sequence[GoldenRequest], answers: Sequence[Any]
) -> None:
    serving = both.problem.serving
    expected = [
        serving.from_json(renamed(one.expected_of(engine.name), both.names)) for one in requests
    ]
    largest = float(serving.same(expected, answers).largest.max())
    if not largest <= (allowed := engine.tolerance or TOLERANCE):
        raise DataError(
            f"{both.bundle}: expected {BY_ENGINE[engine.name].label} to repeat its golden answers "
            f"within {allowed:g}, received a difference of {largest:.4f}. Export the model "
            "again."
        )


def _demanded(both: Resigned) -> ExportSettings:
    """Return what forms are held to: what the bundle demands of those that it has."""
    demanded: dict[str, float] = {}
    for engine in both.before.engines:
        if engine.tolerance is not None:
            demanded["parity_tolerance"] = engine.tolerance
        if engine.required_agreement is not None:
            demanded["min_agreement"] = engine.required_agreement
    return ExportSettings.model_validate({"formats": both.added, **demanded})


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
