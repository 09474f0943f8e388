"""Conditions of a decision, in words that every kind of problem shares."""

from collections.abc import Callable, Sequence

from sightline.stage.formats.evaluation import Check, Decision, Figure

# Shares are quotients of whole numbers; 0.86 - 0.84 is 0.020000000000000018.
ROUNDING = 1e-9
"""As a share of what is required, which may be of any size."""

Write = Callable[[float], str]
"""Writes a number of a figure."""
THREE_DECIMALS: Write = "{:.3f}".format
SIGNED: Write = "{:+.3f}".format


def decide(checks: Sequence[Check]) -> Decision:
    """Return `hold` if any check failed, else `deploy`."""
    return "hold" if any(check.outcome == "failed" for check in checks) else "deploy"


def at_least(name: str, figure: Figure, required: float, sentence: str) -> Check:
    """Require a figure to be at least so large; `sentence` says what it is."""
    value = figure.value or 0.0
    passed = value >= required - ROUNDING * abs(required)
    low, high = figure.low or 0.0, figure.high or 0.0
    certain = low >= required if passed else high < required
    return Check(
        name=name,
        outcome="passed" if passed else "failed",
        required=required,
        received=value,
        certain=certain,
        reason=f"{sentence}, {required:g} is required." + doubt(certain),
    )


def at_most(name: str, figure: Figure, limit: float, sentence: str) -> Check:
    """Require a figure to be at most so large; `sentence` says what it is.

    A figure without an end of its interval is as good there as it can be thought.
    """
    value = figure.value or 0.0
    passed = value <= limit + ROUNDING * abs(limit)
    low, high = (value if end is None else end for end in (figure.low, figure.high))
    certain = high <= limit if passed else low > limit
    return Check(
        name=name,
        outcome="passed" if passed else "failed",
        required=limit,
        received=value,
        certain=certain,
        reason=f"{sentence}, {limit:g} is allowed." + doubt(certain),
    )


def doubt(certain: bool) -> str:
    """Say that the interval reaches across the limit, if it does."""
    return "" if certain else " The interval reaches across the limit: more images would tell."


def not_required(name: str, why: str) -> Check:
    """Return a condition that the settings leave out."""
    return Check(
        name=name,
        outcome="not asked",
        required=None,
        received=None,
        certain=None,
        reason=f"Nothing is required: {why[0].lower()}{why[1:]}.",
    )


def shown(figure: Figure, write: Write = THREE_DECIMALS) -> str:
    """Write a figure with its interval, if it has one."""
    value = "unknown" if figure.value is None else write(figure.value)
    return f"{value} {interval_text(figure, write)}".rstrip()


def interval_text(figure: Figure, write: Write = THREE_DECIMALS) -> str:
    """Write an interval; nothing where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return f"[{write(figure.low)}, {write(figure.high)}]"


def p_text(value: float) -> str:
    """Write the p of a test."""
    return "< 0.001" if value < 0.001 else f"{value:.2g}"
