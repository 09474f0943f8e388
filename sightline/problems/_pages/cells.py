"""How figures are written in the report's tables."""

from sightline.problems.conditions import THREE_DECIMALS, Write
from sightline.stage.formats.evaluation import Figure

TWO_DECIMALS: Write = "{:.2f}".format
SMALL = 0.001


def interval(figure: Figure, write: Write = THREE_DECIMALS) -> str:
    """Write an interval, or nothing where there is none; it never breaks over two lines."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{write(figure.low)}\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}{write(figure.high)}"


def rounded(value: float | None) -> float | None:
    """Keep three decimals, and of a small number three digits."""
    if value is None:
        return None
    return float(f"{value:.3g}") if abs(value) < SMALL else round(value, 3)
