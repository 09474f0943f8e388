"""Open a version for processes that are copied from the one that opened it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.models.formats import TENSORFLOW
from sightline.problems.open_version import Choice, OpenVersion, choose, open_version
from sightline.stage.tensorflow_import import import_tensorflow

TENSORFLOW_MEMORY = 4 << 30
"""What a call may take beyond the opened version; without TensorFlow, decoding needs the most."""


@dataclass(slots=True)
class Opening:
    """A version and what became of opening it; before that, it travels between processes."""

    place: Path
    tolerance: float
    wanted: str | None = None
    """The engine that is asked for; None takes the best."""
    version: OpenVersion | None = field(default=None, init=False)
    failure: str = field(default="", init=False)
    """Why there is no version to ask."""
    _choice: Choice | None = field(default=None, init=False)

    def prepare(self) -> None:
        """Do, in the process that is copied, what stays whole in copies."""
        with self._noted_failure():
            self._choice = choose(self.place, self.wanted)
            if self._choice.engine.name == TENSORFLOW:
                # Its threads would be missing in a copy of this process; what is imported is not.
                import_tensorflow()
            else:
                self.version = open_version(self._choice, self.tolerance)

    def begin(self) -> None:
        """Do the rest in the copy, before it is bounded."""
        with self._noted_failure():
            if self._choice and not self.version and not self.failure:
                self.version = open_version(self._choice, self.tolerance)

    @contextmanager
    def _noted_failure(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            self.failure = str(error)
        except Exception as error:  # whatever is wrong with a version, its server lives on
            self.failure = f"version {self.place.name}: {type(error).__name__}: {error}"
