"""Labels that are amounts, such as weights or counts, rather than names of classes."""

from collections.abc import Mapping

FEWEST_NUMBERS = 3
MOST_BROKEN_NUMBERS = 10
"""More numbers with a fraction than this are no classes, such as magnifications are."""
FEWEST_IMAGES_PER_NUMBER = 3


def amounts_of(counts: Mapping[float, int]) -> list[float]:
    """Return the numbers in order if they look like amounts; nothing if they may be classes.

    Amounts have fractions or gaps and few images each, or many different fractions.

    counts: number -> images.
    """
    values = sorted(counts)
    if len(values) < FEWEST_NUMBERS:
        return []
    is_broken = any(not value.is_integer() for value in values)
    has_gaps = values[-1] - values[0] >= len(values)
    is_thin = sum(counts.values()) < FEWEST_IMAGES_PER_NUMBER * len(values)
    measured = (is_thin and (is_broken or has_gaps)) or (
        is_broken and len(values) > MOST_BROKEN_NUMBERS
    )
    return values if measured else []
