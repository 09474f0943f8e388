"""Why a model is deployed or held, from the conditions that it was judged by."""

from collections.abc import Iterable
from typing import Protocol


class JudgedCheck(Protocol):
    """One condition of the decision."""

    @property
    def outcome(self) -> str:
        """Such as `passed` or `failed`."""

    @property
    def required(self) -> float | None:
        """None where the condition says nothing but what was measured."""

    @property
    def reason(self) -> str:
        """One sentence."""


def decisive_reasons(checks: Iterable[JudgedCheck]) -> tuple[str, ...]:
    """Return why a model is held, or which requirements it met to be deployed."""
    checks = tuple(checks)
    failed = tuple(check.reason for check in checks if check.outcome == "failed")
    return failed or tuple(check.reason for check in checks if check.required is not None)
