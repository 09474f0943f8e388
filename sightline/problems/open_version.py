"""A version of a model folder in memory, once its files and its answers are known to be sound.

Whoever answers with a version gets it here: deploy, server, predict, doctor, champion. All ask the
engine that a server asks; TensorFlow is imported only where the bundle has nothing better.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.ground.errors import DataError, shorten
from sightline.ground.models.formats import TENSORFLOW
from sightline.problems.problem import Problem, problem_of
from sightline.stage.answering.engine import BY_ENGINE, Engine
from sightline.stage.answering.pixel_models import PixelServable
from sightline.stage.answering.servable import Given, Servable
from sightline.stage.formats.bundle import BundleInfo, GoldenRequest, read_golden, read_sound

Ask = Callable[[Sequence[bytes], int], list[Given[Any]]]
"""Answers image files, with so many cores at work where the engine can be told."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A version whose files are whole, and what shall answer with it."""

    place: Path
    info: BundleInfo
    engine: Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVersion:
    """A version that is what export made, and answers as it did there."""

    place: Path
    info: BundleInfo
    problem: Problem
    engine: str
    golden: Sequence[GoldenRequest]
    tolerance: float
    ask: Ask

    def answer(self, images: Sequence[bytes], threads: int = 1) -> list[Any]:
        """Return the problem's answers to image files.

        Raises:
            ImageError: one of them does not decode.
        """
        return [one.answer for one in self.give(images, threads)]

    def give(self, images: Sequence[bytes], threads: int = 1) -> list[Given[Any]]:
        """Return the answers to image files, each with what the network gave.

        Raises:
            ImageError: one of them does not decode.
        """
        return self.ask(images, threads)

    def check_golden(self, threads: int = 1) -> float:
        """Ask the golden requests; return by how much a number in an answer differs at most.

        Raises:
            DataError: one differs by more than the tolerance.
        """
        received = self.answer([one.image for one in self.golden], threads)
        serving = self.problem.serving
        expected = [serving.from_json(one.expected_of(self.engine)) for one in self.golden]
        try:
            differences = serving.same(expected, received).largest
        except DataError as error:
            raise DataError(f"{self.place}: {error} Run export again.") from error
        wrong = [
            f"{self.golden[row].id[:12]} (expected {serving.caption(expected[row])[0]}, received "
            f"{serving.caption(received[row])[0]}, differs by {difference:.4f})"
            for row, difference in enumerate(differences)
            if not difference <= self.tolerance
        ]
        if wrong:
            raise DataError(
                f"{self.place}: expected the {len(self.golden)} golden answers within "
                f"{self.tolerance:g}, received others: {shorten(wrong)}. Export on the kind of "
                "machine that serves, or raise deploy.smoke_tolerance."
            )
        return float(differences.max())


def choose(place: Path, wanted: str | None = None) -> Choice:
    """Look at the files of a version and at its engines; without a wish, take the best of them.

    Raises:
        DataError: a file is damaged, or the version cannot be answered with this engine.
    """
    info = read_sound(place)
    return Choice(place, info, choose_engine(place, info.engines, wanted))


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
    library = BY_ENGINE[chosen.name].library if chosen.name in BY_ENGINE else "tensorflow"
    if importlib.util.find_spec(library) is None:
        raise DataError(_without(library, place, engines))
    return chosen


def _without(library: str, place: Path, engines: Sequence[Engine]) -> str:
    """Say that a library is missing, why it is needed, and what to do."""
    if library != "tensorflow":
        return (
            f"{place}: expected {library} to answer with this engine; found none. Choose another "
            f"engine, or serve where it is installed (pip install {library})."
        )
    refused = [f"{one.name} may not, {one.reason}" for one in engines if not one.usable]
    reasons = "; ".join(refused) or "bundles of older versions have no other engine"
    return (
        f"{place}: expected TensorFlow to answer with this bundle ({reasons}); found none. "
        "Choose another engine, export the model again so that LiteRT answers, or deploy and "
        "serve where TensorFlow is installed (pip install tensorflow; the images of deploy and "
        "of the server hold none)."
    )


def open_version(choice: Choice, tolerance: float) -> OpenVersion:
    """Load what was chosen, and ask it the golden requests.

    Raises:
        DataError: it does not load, or an answer differs by more than `tolerance`.
    """
    version = load_version(choice, tolerance)
    version.check_golden()
    return version


def load_version(choice: Choice, tolerance: float) -> OpenVersion:
    """Load what was chosen, without asking it anything.

    Raises:
        DataError: it does not load, or has no golden requests.
    """
    place, info, engine = choice.place, choice.info, choice.engine
    golden = read_golden(place)
    if not golden:
        raise DataError(
            f"{place}: expected golden requests to test the version with, received none. "
            "Run export again."
        )
    problem = problem_of(info.problem, info.about)
    return OpenVersion(
        place=place,
        info=info,
        problem=problem,
        engine=engine.name,
        golden=golden,
        tolerance=tolerance,
        ask=_asking(engine, place, problem, info),
    )


def _asking(engine: Engine, place: Path, problem: Problem, info: BundleInfo) -> Ask:
    asked = (engine.in_version(place), problem.serving, info.classes, info.contract)
    if engine.name != TENSORFLOW:
        return PixelServable[Any](engine.name, *asked).give
    servable: Servable[Any] = Servable(*asked)
    return lambda images, _: [Given(one) for one in servable.answer(images)]
