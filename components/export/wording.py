"""How figures of forms are written, on the page and in the card."""

from components.export.measuring.accuracy import Change, Part


def rounded_to(value: float | None) -> str:
    """Return a figure to four digits; a dash where there is none."""
    return "–" if value is None else f"{value:.4f}"


def with_interval(part: Part | None) -> str:
    """Return a figure with its interval, if it has one."""
    if part is None or part.figure is None:
        return "–"
    if part.low is None or part.high is None:
        return rounded_to(part.figure)
    return f"{part.figure:.4f} ({part.low:.4f} to {part.high:.4f})"


def before_and_now(change: Change | None) -> str:
    """Return the evaluated figure and this form's; a dash where neither was measured."""
    if change is None:
        return "–"
    return f"{rounded_to(change.evaluated)} → {rounded_to(change.figure)}"
