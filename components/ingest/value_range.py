"""The values that are black and white where files do not say so, such as `0..4095`."""

import math
from typing import Annotated

from pydantic import AfterValidator


def range_of(text: str) -> tuple[float, float] | None:
    """Read two numbers with two dots between them; nothing from an empty text.

    Raises:
        ValueError: it is something else, or white is not above black.
    """
    if not text:
        return None
    try:
        low, high = (float(number) for number in text.split(".."))
        if low < high and math.isfinite(high - low):
            return low, high
    except ValueError:
        pass
    raise ValueError(
        "expected the values of black and white with two dots between them, the lower one first, "
        f"such as 0..4095 or 0..1; received {text!r}. Look at the largest value of the images"
    )


def _checked(text: str) -> str:
    range_of(text)
    return text


ValueRange = Annotated[str, AfterValidator(_checked)]
"""Black and white, such as `0..4095`, or empty for all of the type."""
