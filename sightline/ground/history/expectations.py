"""What later data are held against: the classes, shares and measurements of data that were good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from sightline.ground.errors import DataError
from sightline.ground.history.feature_figures import FeatureFigures, figures_in

SCHEMA = "sightline.expectations"
VERSION = 1
NUM_QUANTILES = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """A dataset in figures."""

    num_images: int
    classes: dict[str, int]
    """Class -> images."""
    modes: dict[str, int] = field(default_factory=dict)
    """Pillow's mode as received -> images; empty expects none."""
    measurements: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Measurement -> quantiles in even steps from the smallest to the largest value."""
    features: FeatureFigures | None = None
    """What a backbone saw in the images; None where there was none."""


def quantiles_of(values: Sequence[float]) -> list[float]:
    """Return what of measurements is kept; nothing of none."""
    if not values:
        return []
    if len(values) == 1:
        return [rounded(values[0])] * NUM_QUANTILES
    inside = quantiles(values, n=NUM_QUANTILES - 1, method="inclusive")
    return [rounded(value) for value in (min(values), *inside, max(values))]


def rounded(value: float) -> float:
    """Return a measurement with the digits that a file has, so that equal ones stay equal."""
    return float(f"{value:.5g}")


def document_of(expected: Expectations, *, source: str) -> dict[str, Any]:
    """Return what a file says, for YAML."""
    return {
        "schema": SCHEMA,
        "schema_version": VERSION,
        "source": source,
        "num_images": expected.num_images,
        "classes": expected.classes,
        "modes": expected.modes,
        "measurements": {name: list(found) for name, found in expected.measurements.items()},
        "features": expected.features and expected.features.document(),
    }


def expectations_in(document: Any, path: Path) -> Expectations:
    """Return what a file that was read expects.

    Raises:
        DataError: it has another form.
    """
    try:
        if (document["schema"], document["schema_version"]) != (SCHEMA, VERSION):
            raise ValueError(f"{document['schema']} version {document['schema_version']}")
        return Expectations(
            num_images=int(document["num_images"]),
            classes=_counts(document["classes"]),
            modes=_counts(document.get("modes") or {}),
            measurements={
                str(name): tuple(map(float, values))
                for name, values in (document.get("measurements") or {}).items()
            },
            features=figures_in(document.get("features")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise unexpected(path, f"{type(error).__name__}: {error}") from error


def unexpected(path: Path, received: str) -> DataError:
    """Return the error of a file that is none of expectations."""
    return DataError(
        f"{path}: expected {SCHEMA} version {VERSION} as `sightline data freeze` writes it, "
        f"received something else ({received}). Correct label_check.expected, or freeze again."
    )


def _counts(content: Mapping[Any, Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in content.items()}
