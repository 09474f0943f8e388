"""The version that is served: found in the model folder, loaded aside, switched at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.ground.model_folder import FolderError, version_numbers
from sightline.problems import Problem
from sightline.problems.open_version import open_version
from sightline.serving.batching import MAX_BATCH, Answering
from sightline.serving.rest import VersionState, read_signatures
from sightline.stage import log
from sightline.stage.formats.model_folder import golden_tolerance

RETRY_SECONDS = 60.0
MAX_STATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedVersion:
    """A version in memory. Requests hold on to it, so it stays until the last one is answered."""

    number: int
    model: Answering
    problem: Problem
    """The kind of problem that it answers."""
    model_name: str
    classes: tuple[str, ...]
    signatures: dict[str, Any]


Loader = Callable[[Path, int], LoadedVersion]


def load_version(folder: Path, number: int) -> LoadedVersion:
    """Load a sound version and answer its golden requests, so that the first client is served fast.

    Raises:
        DataError: it is damaged, does not load, or does not repeat its golden answers.
    """
    place = folder / str(number)
    version = open_version(place, golden_tolerance(folder, number))
    servable, info = version.model, version.info
    images = [request.image for request in version.golden]
    size = 1
    # Each batch size has its own first call, which is slow.
    while images and size <= MAX_BATCH:
        servable.answer((images * size)[:size])
        size *= 2
    return LoadedVersion(
        number=number,
        model=servable,
        problem=version.problem,
        model_name=info.model_name,
        classes=info.classes,
        signatures=read_signatures(place),
    )


class Versions:
    """Keep the newest version of a model folder that loads; safe to read from any thread."""

    def __init__(self, folder: Path, *, load: Loader = load_version) -> None:
        self._folder, self._load = folder, load
        self._states: dict[int, VersionState] = {}
        self._failed_at: dict[int, float] = {}
        self._current: LoadedVersion | None = None
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def current(self) -> LoadedVersion | None:
        """The version that answers new requests."""
        return self._current

    def states(self) -> list[VersionState]:
        """Return the states of the versions that this server has seen, newest first."""
        known = dict(self._states)
        return [known[number] for number in sorted(known, reverse=True)[:MAX_STATES]]

    def start(self, *, poll_seconds: float) -> LoadedVersion:
        """Load the first version, then watch the folder in the background.

        Raises:
            FolderError: the folder has no version, or none of them loads.
        """
        if not version_numbers(self._folder):
            raise FolderError(
                f"{self._folder}: expected a model folder with a version in it, such as "
                f"{self._folder / '1'}; found none. Run the pipeline, or name its deploy folder."
            )
        self.refresh()
        if self._current is None:
            reasons = " ".join(f"Version {s.version}: {s.error}" for s in self.states())
            raise FolderError(f"{self._folder}: expected a version that loads. {reasons}")
        self._watcher = threading.Thread(
            target=self._watch, args=(poll_seconds,), name="watch-model-folder", daemon=True
        )
        self._watcher.start()
        return self._current

    def stop(self) -> None:
        """Stop watching the folder; does not wait for a version that loads."""
        self._stop.set()

    def refresh(self) -> None:
        """Serve the newest version that loads; keep the present one if there is none."""
        numbers = version_numbers(self._folder)
        for number in numbers:
            if self._current is not None and number == self._current.number:
                break
            if not self._failed_lately(number) and self._switch_to(number):
                break
        for number, state in list(self._states.items()):
            is_current = self._current is not None and number == self._current.number
            if number not in numbers and not is_current and state.state != "END":
                self._set_state(number, "END")

    def _watch(self, poll_seconds: float) -> None:
        while not self._stop.wait(poll_seconds):
            try:
                self.refresh()
            except (OSError, FolderError) as error:  # the folder is out of reach for now
                log.warning("cannot read the model folder", reason=str(error))

    def _failed_lately(self, number: int) -> bool:
        failed = self._failed_at.get(number)
        return failed is not None and time.monotonic() - failed < RETRY_SECONDS

    def _switch_to(self, number: int) -> bool:
        previous = self._current
        self._set_state(number, "LOADING")
        try:
            loaded = self._load(self._folder, number)
        except Exception as error:  # whatever is wrong with a version, the present one stays
            self._failed_at[number] = time.monotonic()
            self._set_state(number, "END", str(error))
            log.warning(
                "version does not load",
                version=number,
                reason=str(error),
                still_serving=previous.number if previous else None,
            )
            return False
        self._current = loaded
        self._set_state(number, "AVAILABLE")
        if previous is not None:
            self._set_state(previous.number, "END")
        log.event("serving", version=number, before=previous.number if previous else None)
        return True

    def _set_state(self, number: int, state: Any, error: str = "") -> None:
        self._states[number] = VersionState(version=number, state=state, error=error)
