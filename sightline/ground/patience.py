"""How long to wait for a server, and how often to ask again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState, Retrying


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Time limits and repetition of requests."""

    connect_seconds: float = 10.0
    """Time limit of a connection, where the client can tell it from an answer."""
    answer_seconds: float = 60.0
    attempts: int = 4
    """How often a request is sent in all, where it may be repeated."""
    pause_seconds: float = 0.5
    """Longest pause before the first repetition is twice this; it doubles each time."""
    longest_wait_seconds: float = 60.0
    """Longest time that an answer may ask for with Retry-After."""
    looks_after_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    """Pauses before each look for a run that may or may not have been started."""

    def retrying(
        self,
        may_pass: Callable[[BaseException], bool],
        told_to_wait: Callable[[BaseException], float | None],
    ) -> "Retrying":
        """Return what repeats a call as long as that may help, and then raises its last error.

        Args:
            may_pass: tells whether the same call may succeed a little later.
            told_to_wait: returns the seconds of an error's Retry-After.
        """
        from tenacity import Retrying

        return Retrying(**self._rules(may_pass, told_to_wait))

    def retrying_async(
        self,
        may_pass: Callable[[BaseException], bool],
        told_to_wait: Callable[[BaseException], float | None],
    ) -> "AsyncRetrying":
        """Return what repeats a coroutine by the same rules."""
        from tenacity import AsyncRetrying

        return AsyncRetrying(**self._rules(may_pass, told_to_wait))

    def _rules(
        self,
        may_pass: Callable[[BaseException], bool],
        told_to_wait: Callable[[BaseException], float | None],
    ) -> dict[str, Any]:
        from tenacity import retry_if_exception, stop_after_attempt, wait_random

        def again(error: BaseException) -> bool:
            return may_pass(error) and (told_to_wait(error) or 0) <= self.longest_wait_seconds

        def pause(state: "RetryCallState") -> float:
            error = state.outcome.exception() if state.outcome else None
            told = told_to_wait(error) if error else None
            longest = self.pause_seconds * 2**state.attempt_number
            return wait_random(0, longest)(state) if told is None else told

        return {
            "stop": stop_after_attempt(self.attempts),
            "wait": pause,
            "retry": retry_if_exception(again),
            "reraise": True,
        }


def seconds_of(retry_after: str | None) -> float | None:
    """Read a header Retry-After: a number of seconds or a date."""
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    if not retry_after:
        return None
    try:
        return Retry().parse_retry_after(retry_after)
    except (InvalidHeader, ValueError, OverflowError):  # such as a date in the year 99999
        return None
