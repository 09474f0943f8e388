"""How long to wait for Kubeflow, and how often to ask again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Time limits and repetition of requests."""

    connect_seconds: float = 10.0
    answer_seconds: float = 60.0
    attempts: int = 4
    """How often a request is sent in all, where it may be repeated."""
    pause_seconds: float = 0.5
    """Longest pause before the first repetition is twice this; it doubles each time."""
    longest_wait_seconds: float = 60.0
    """Longest time that Kubeflow may ask for with Retry-After."""
    looks_after_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    """Pauses before each look for a run that may or may not have been started."""
