"""Words are read as a classifier reads them."""

from sightline.problems.classification.reader import Reader

__all__ = ["Reader"]
