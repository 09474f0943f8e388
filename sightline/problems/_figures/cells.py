"""How figures are written in the report's tables."""

from sightline.stage.formats.evaluation import Figure


def interval(figure: Figure, *, digits: int = 3) -> str:
    """Write an interval, or nothing where there is none; it never breaks over two lines."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:.{digits}f}\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}{figure.high:.{digits}f}"


def rounded(value: float | None) -> float | None:
    """Keep three decimals."""
    return None if value is None else round(value, 3)
