"""Golden requests over the network: the first test of a server, and what a canary is judged by."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.deploy.target import Bundle, Counts, Observation, SmokeTest
from sightline.ground.errors import DataError, UserError
from sightline.problems.open_version import OpenVersion, choose_engine
from sightline.problems.problem import problem_of
from sightline.stage.formats.bundle import read_golden
from sightline.stage.formats.servable import Given

Row = Mapping[str, Any]
AskOne = Callable[[bytes], Row]
"""Has a server answer one image; raises a `UserError` where it does not."""


class GoldenAnswers:
    """What a bundle has to answer, asked of a server that has it."""

    def __init__(self, bundle: Bundle, tolerance: float) -> None:
        """Read the golden requests.

        Raises:
            DataError: there are none.
        """
        info = bundle.info
        golden = read_golden(bundle.folder)
        if not golden:
            raise DataError(
                f"{bundle.folder}: expected golden requests to test a server with, received none. "
                "Run export again."
            )
        self.engine = choose_engine(bundle.folder, info.engines, None).name
        self._bundle, self._tolerance = bundle, tolerance
        self._problem = problem_of(info.problem, info.about)
        self.images = [one.image for one in golden]
        self._golden = golden

    def test(self, ask: AskOne) -> SmokeTest:
        """Ask a server all of them.

        Raises:
            DataError: an answer differs by more than the tolerance, or there is none.
        """
        opened = OpenVersion(
            place=self._bundle.folder,
            info=self._bundle.info,
            problem=self._problem,
            engine=self.engine,
            golden=self._golden,
            tolerance=self._tolerance,
            ask=lambda images, _: [Given(self.read(ask(image))) for image in images],
        )
        try:
            difference = opened.check_golden()
        except UserError as error:
            raise DataError(f"Smoke test: {error} The live version is untouched.") from error
        return SmokeTest(
            num_requests=len(self.images), engine=self.engine, max_difference=difference
        )

    def read(self, row: Row) -> Any:
        """Read an answer of a server.

        Raises:
            DataError: it is none of this kind of problem.
        """
        try:
            return self._problem.serving.from_json(row)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DataError(
                f"expected an answer with {self._problem.serving.fields}, received "
                f"{str(dict(row))[:200]}. Look into the server's log."
            ) from error

    def compare(self, number: int, row: Row) -> "Compared":
        """Compare an answer to the image of this number with the golden one.

        Raises:
            DataError: it is none.
        """
        expected = self._problem.serving.from_json(self._golden[number].expected_of(self.engine))
        found = self._problem.serving.same([expected], [self.read(row)])
        return Compared(
            agrees=bool(found.agrees[0]), is_right=bool(found.largest[0] <= self._tolerance)
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """How an answer relates to the new version's golden one."""

    agrees: bool
    """A client would take both for the same."""
    is_right: bool
    """It is what the new version answered when it was exported."""


@dataclass(slots=True)
class Tally:
    """What two versions did with the requests of a deployment since the share was set."""

    live: list[float | None] = field(default_factory=list)
    """Seconds of each answer; None where there was none."""
    challenger: list[float | None] = field(default_factory=list)
    compared: int = 0
    agreed: int = 0
    problem: str = ""

    def old(self, seconds: float, compared: Compared) -> None:
        """Note an answer of the live version."""
        self.live.append(seconds)
        self.compared += 1
        self.agreed += compared.agrees

    def new(self, version: int, number: int, seconds: float, compared: Compared) -> None:
        """Note an answer of the new version to the golden request of this number."""
        self.challenger.append(seconds)
        if not compared.is_right:
            self.problem = (
                f"Version {version} answered golden request {number + 1} otherwise than when it "
                "was exported."
            )

    def observation(self) -> Observation:
        """Add up."""
        return Observation(
            live=_counts(self.live),
            challenger=_counts(self.challenger),
            compared=self.compared,
            agreed=self.agreed,
            problem=self.problem,
        )


def _counts(times: Sequence[float | None]) -> Counts:
    answered = [one for one in times if one is not None]
    return Counts(
        requests=len(times),
        errors=len(times) - len(answered),
        seconds=statistics.median(answered) if answered else None,
    )
