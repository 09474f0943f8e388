"""A version of a model folder that answers in this process, with the engine that was asked for."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sightline.ground.errors import DataError
from sightline.problems import Problem, problem_of
from sightline.problems.open_version import golden_difference, open_version
from sightline.serving.protocols.open_inference import tensor_of
from sightline.serving.worker.models import Given, LiteRT, Model, TensorFlow
from sightline.serving.worker.signatures import read_signatures
from sightline.stage.formats.bundle import BundleInfo, GoldenRequest, read_golden, read_sound
from sightline.stage.formats.engine import TENSORFLOW, Engine


@dataclass(kw_only=True)
class OpenedVersion:
    """What a worker knows of its version, whose files and answers are sound."""

    number: int
    place: Path
    info: BundleInfo
    problem: Problem
    engine: str
    golden: Sequence[GoldenRequest]
    model: Model
    tolerance: float

    def answer(self, image: bytes, threads: int) -> Given:
        """Answer an image file.

        Raises:
            DataError: it does not decode.
        """
        return self.model.answer(image, threads)

    def check_golden(self, threads: int = 1) -> None:
        """Answer the golden requests.

        Raises:
            DataError: an answer is not the expected one.
        """
        golden_difference(
            self.place,
            self.problem,
            self.golden,
            lambda images: [self.answer(image, threads).answer for image in images],
            tolerance=self.tolerance,
            engine=self.engine,
        )

    @cached_property
    def description(self) -> dict[str, Any]:
        """What the server tells about the version."""
        return {
            "version": self.number,
            "model": self.info.model_name,
            "problem": self.info.problem,
            "classes": list(self.info.classes),
            "engine": self.engine,
            "signatures": read_signatures(self.place),
            "outputs": self._outputs(),
        }

    def _outputs(self) -> list[dict[str, Any]]:
        """Describe the tensors of an answer, by one that is there."""
        serving = self.problem.serving
        row = serving.as_json(serving.from_json(self.golden[0].expected_of(self.engine)))
        tensors = [tensor_of(name, [value]) for name, value in row.items()]
        for tensor in tensors:
            del tensor["data"]
            tensor["shape"][0] = -1
        return tensors


@dataclass(frozen=True, slots=True)
class Choice:
    """A version whose files are whole, and what shall answer with it."""

    place: Path
    info: BundleInfo
    engine: Engine


def choose(place: Path, wanted: str | None) -> Choice:
    """Look at the files of a version and at its engines; without a wish, take the best of them.

    Raises:
        DataError: a file is damaged, or the version cannot be answered with this engine.
    """
    info = read_sound(place)
    return Choice(place, info, choose_engine(place, info.engines, wanted))


def open_chosen(choice: Choice, number: int, *, tolerance: float) -> OpenedVersion:
    """Open a version and hold its answers against the golden ones.

    Raises:
        DataError: it does not load, or answers otherwise.
    """
    place, info, engine = choice.place, choice.info, choice.engine
    problem = problem_of(info.problem)
    if engine.name == TENSORFLOW:
        model: Model = TensorFlow(open_version(place, tolerance).model)
    else:
        model = LiteRT(engine.in_version(place), problem.serving, info.classes, info.contract)
    opened = OpenedVersion(
        number=number,
        place=place,
        info=info,
        problem=problem,
        engine=engine.name,
        golden=read_golden(place),
        model=model,
        tolerance=tolerance,
    )
    if not opened.golden:
        raise DataError(f"{place}: expected golden requests, received none. Run export again.")
    opened.check_golden()
    return opened


def choose_engine(place: Path, engines: Sequence[Engine], wanted: str | None) -> Engine:
    """Return the engine of this name, or the first that may be used.

    Raises:
        DataError: there is none, or the bundle does not let it answer.
    """
    usable = [one for one in engines if one.usable]
    if wanted is None and usable:
        chosen = usable[0]
    else:
        named = [one for one in engines if one.name == wanted]
        if not named or not named[0].usable:
            reason = named[0].reason if named else "it is not in the bundle"
            listed = ", ".join(one.name for one in usable) or "none"
            raise DataError(
                f"{place}: expected to answer with the engine {wanted or 'of the bundle'}; "
                f"{reason}. Choose one of those that may be used ({listed}), or export again."
            )
        chosen = named[0]
    if chosen.name == TENSORFLOW and importlib.util.find_spec("tensorflow") is None:
        raise DataError(
            f"{place}: expected TensorFlow, which this bundle is answered with; found none. "
            "Install it (pip install tensorflow), or export the model again: new bundles are "
            "answered by LiteRT."
        )
    return chosen
