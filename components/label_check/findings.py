"""The document that carries all findings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from components.label_check.expected import measurement_figures, mode_counts
from components.label_check.measurement import Measurement
from components.label_check.survey import Survey
from sightline.problems.findings import Finding, Outcome, Severity
from sightline.stage.formats.schema import write_document

SCHEMA = "sightline.findings"
VERSION = 1

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def count_severities(outcomes: Iterable[Outcome]) -> dict[Severity, int]:
    """Return how many findings each severity has."""
    counts = Counter(outcome.finding.severity for outcome in outcomes if outcome.finding)
    return {severity: counts[severity] for severity in SEVERITIES}


def by_severity(outcomes: Iterable[Outcome]) -> list[tuple[str, Finding]]:
    """Return check names with their findings, errors first."""
    found = [(outcome.check, outcome.finding) for outcome in outcomes if outcome.finding]
    return sorted(found, key=lambda pair: SEVERITIES.index(pair[1].severity))


def write_findings(
    folder: Path,
    outcomes: Sequence[Outcome],
    survey: Survey,
    removed: dict[int, str],
) -> None:
    """Write `findings.json`: findings, checks that ran or could not, removed images, figures."""
    images = survey.images
    content = {
        "num_images": len(images),
        "images_per_class": {name: survey.class_counts[name] for name in survey.classes},
        "channels": channel_figures(survey),
        "sizes": size_figures(survey),
        "modes": dict(sorted(mode_counts(survey).items())),
        "measurements": measurement_figures(survey),
        "findings": [_describe(check, finding, images) for check, finding in by_severity(outcomes)],
        "checks": [_status(outcome) for outcome in outcomes],
        "removed": {
            "total": len(removed),
            "images": [
                {"id": images[row].id, "uri": images[row].uri, "reason": reason}
                for row, reason in sorted(removed.items())
            ],
        },
    }
    write_document(folder / "findings.json", SCHEMA, VERSION, content)


def size_figures(survey: Survey) -> dict[str, int | float]:
    """Return the range and the median of the images' sides, in pixels."""
    if not survey.scored:
        return {}
    widths = [scores.width for _, scores in survey.scored]
    heights = [scores.height for _, scores in survey.scored]
    return {
        "min_width": min(widths),
        "max_width": max(widths),
        "min_height": min(heights),
        "max_height": max(heights),
        "median_size_px": round(survey.median_size_px, 2),
    }


def channel_figures(survey: Survey) -> dict[str, list[float]]:
    """Return mean and standard deviation of red, green and blue, 0 to 255."""
    means, deviations = survey.channel_statistics()
    return {
        "mean": [round(value, 3) for value in means],
        "std": [round(value, 3) for value in deviations],
    }


def _describe(check: str, finding: Finding, images: Sequence[Measurement]) -> dict[str, Any]:
    shown = [images[row] for row in finding.rows]
    return {
        "check": check,
        "severity": finding.severity,
        "title": finding.title,
        "remedy": finding.remedy,
        "count": len(finding.rows),
        "share": round(len(finding.rows) / len(images), 6),
        "classes": list(finding.classes),
        "ids": [image.id for image in shown],
        "uris": [image.uri for image in shown],
        "notes": list(finding.notes),
    }


def _status(outcome: Outcome) -> dict[str, str]:
    if outcome.not_run is not None:
        return {"check": outcome.check, "status": "not run", "reason": outcome.not_run.reason}
    return {"check": outcome.check, "status": "found" if outcome.finding else "clean"}
