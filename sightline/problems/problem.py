"""The kinds of problem of this installation, found by folder name."""

import importlib
import importlib.util
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import SettingsError
from sightline.problems.about import About
from sightline.problems.names import package_of, problem_names

if TYPE_CHECKING:
    from sightline.problems.judging import Judging
    from sightline.problems.reader import Reader
    from sightline.problems.serving import Serving
    from sightline.problems.targets import Targets
    from sightline.problems.training import Training


@dataclass(frozen=True)
class Problem:
    """One kind of problem: five groups of questions, each loaded by the first stage that asks."""

    name: str
    """The folder's name; it is written into every artifact."""
    about: About = field(default_factory=dict, hash=False)
    """What is known of the dataset as a whole; it stands in every artifact beside the name."""

    @cached_property
    def reader(self) -> "Reader":
        """How an annotation is read."""
        found: Reader = _answers(self.name, "Reader", self.about)
        return found

    @cached_property
    def targets(self) -> "Targets":
        """How what is to be learned is kept, checked and written into a record."""
        found: Targets = _answers(self.name, "Targets", self.about)
        return found

    @cached_property
    def training(self) -> "Training":
        """What a network ends in and what it learns by."""
        found: Training = _answers(self.name, "Training", self.about)
        return found

    @cached_property
    def judging(self) -> "Judging[Any]":
        """How answers are measured, shown and decided on."""
        found: Judging[Any] = _answers(self.name, "Judging", self.about)
        return found

    @cached_property
    def serving(self) -> "Serving[Any]":
        """What an answer is to a client, and when two are the same."""
        found: Serving[Any] = _answers(self.name, "Serving", self.about)
        return found


def problem_of(name: str, about: About | None = None) -> Problem:
    """Return the kind of this name, which knows so much about the dataset.

    Raises:
        SettingsError: there is none.
    """
    if name not in problem_names():
        raise SettingsError(
            f"Expected a kind of problem ({', '.join(problem_names())}), received {name!r}. Set "
            "ingest.problem to one of these, add the folder "
            f"sightline/problems/{name or '<kind>'}, or install the package that brings it."
        )
    return Problem(name, about or {})


def _answers(name: str, title: str, about: About) -> Any:
    """Build a kind's class for a group of questions: class and module have the group's name.

    Raises:
        SettingsError: the kind has no answers to this group, or not to all of its questions.
    """
    questions = getattr(importlib.import_module(f"{__package__}.{title.lower()}"), title)
    module = f"{package_of(name)}.{title.lower()}"
    place = f"{module.replace('.', '/')}.py"
    if importlib.util.find_spec(module) is None:
        raise SettingsError(
            f"Problem '{name}': expected the class {title} in {place}, found no such file. This "
            "stage cannot handle this kind yet: write the file, or set ingest.problem to another."
        )
    found = getattr(importlib.import_module(module), title, None)
    if not isinstance(found, type) or not issubclass(found, questions) or found is questions:
        raise SettingsError(
            f"{place}: expected a class {title} that answers the questions of "
            f"sightline.problems.{title.lower()}, found none. Derive it from that class."
        )
    if missing := sorted(getattr(found, "__abstractmethods__", ())):
        raise SettingsError(
            f"{place}: expected answers to every question of {title}; missing: "
            f"{', '.join(missing)}. Add them as sightline/problems/{title.lower()}.py says."
        )
    return found(about)
