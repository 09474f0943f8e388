"""Goes on trying while the file of schedules cannot be used, such as during a backup."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sightline.targets.local.schedules.store_problems import StoreProblem

_BETWEEN_TRIES_SECONDS = 1.0
_PROBLEMS = (StoreProblem, OSError)
_Found = TypeVar("_Found")


class Attempts:
    """Says once that something fails, and once that all works again; for several threads."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._stopping = threading.Event()
        self._failing: set[object] = set()
        self._turn = threading.Lock()

    def once(self, action: Callable[[], None]) -> None:
        """Try; whoever calls tries the same again later."""
        with suppress(*_PROBLEMS):
            self._noted(self, action)

    def until_done(self, action: Callable[[], _Found]) -> _Found:
        """Try until it works, and return what was found.

        Raises:
            StoreProblem: it failed, and the scheduler is being stopped. Also OSError.
        """
        from tenacity import (
            Retrying,
            retry_if_exception_type,
            sleep_using_event,
            stop_when_event_set,
            wait_fixed,
        )

        retrying = Retrying(
            retry=retry_if_exception_type(_PROBLEMS),
            wait=wait_fixed(_BETWEEN_TRIES_SECONDS),
            sleep=sleep_using_event(self._stopping),
            stop=stop_when_event_set(self._stopping),
            reraise=True,
        )
        found: _Found = retrying(self._noted, object(), action)
        return found

    def stop(self) -> None:
        """Give up what fails from now on."""
        self._stopping.set()

    def _noted(self, who: object, action: Callable[[], _Found]) -> _Found:
        try:
            found = action()
        except _PROBLEMS as error:
            self._fails(who, error)
            raise
        self._works(who)
        return found

    def _fails(self, who: object, error: Exception) -> None:
        with self._turn:
            if not self._failing and not self._stopping.is_set():
                self._report(f"{str(error).rstrip('.')}. The scheduler goes on trying.")
            self._failing.add(who)

    def _works(self, who: object) -> None:
        with self._turn:
            if who in self._failing:
                self._failing.remove(who)
                if not self._failing:
                    self._report("The schedules work again.")
