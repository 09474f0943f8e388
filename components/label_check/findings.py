"""The document that carries all findings, and what fails the run."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from components.label_check.expected import measurement_figures, mode_counts
from components.label_check.measurement import Measurement
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from sightline.ground.errors import DataError
from sightline.ground.history.feature_figures import FeatureFigures
from sightline.ground.wording import counted
from sightline.problems.findings import Finding, Outcome, Severity
from sightline.stage.formats.schema import write_document

SCHEMA = "sightline.findings"
VERSION = 1

FINDINGS_IN_MESSAGE = 5
PAIRS_IN_MESSAGE = 100
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def count_severities(outcomes: Iterable[Outcome]) -> dict[Severity, int]:
    """Return how many findings each severity has."""
    counts = Counter(outcome.finding.severity for outcome in outcomes if outcome.finding)
    return {severity: counts[severity] for severity in SEVERITIES}


def by_severity(outcomes: Iterable[Outcome]) -> list[tuple[str, Finding]]:
    """Return check names with their findings, errors first."""
    found = [(outcome.check, outcome.finding) for outcome in outcomes if outcome.finding]
    return sorted(found, key=lambda pair: SEVERITIES.index(pair[1].severity))


def refuse(outcomes: Sequence[Outcome], survey: Survey, settings: LabelCheckSettings) -> None:
    """Fail the run on a finding as severe as `fail_on`.

    Raises:
        DataError: with the findings and their remedies; a failed stage leaves no report.
    """
    if settings.fail_on == "never":
        return
    grave = SEVERITIES[: SEVERITIES.index(settings.fail_on) + 1]
    found = [finding for _, finding in by_severity(outcomes) if finding.severity in grave]
    if not found:
        return
    lines = [
        line
        for item in found[:FINDINGS_IN_MESSAGE]
        for line in (f"- {item.title} {item.remedy}", *pairs_of(item, survey))
    ]
    if len(found) > FINDINGS_IN_MESSAGE:
        lines.append(f"- And {counted(len(found) - FINDINGS_IN_MESSAGE, 'more finding')}.")
    expected = " or ".join(f"{severity}s" for severity in grave)
    listed = "\n".join(lines)
    raise DataError(
        f"Expected a dataset without {expected}, received {len(found)}:\n{listed}\n"
        "To go on in spite of this, and to get the whole report with pictures: "
        "--set label_check.fail_on=never"
    )


def pairs_of(finding: Finding, survey: Survey) -> list[str]:
    """Name the pairs of a finding in one line each, as a failed stage leaves no report."""
    if not finding.paired:
        return []
    named = [
        f"{survey.images[row].uri} ({note.partition(', ')[2] or 'no split'})"
        for row, note in zip(finding.rows, finding.notes, strict=True)
    ]
    lines = [f"    {one} and {other}" for one, other in zip(named[::2], named[1::2], strict=True)]
    rest = len(lines) - PAIRS_IN_MESSAGE
    return [*lines[:PAIRS_IN_MESSAGE], *([f"    and {rest:,} more pairs"] if rest > 0 else [])]


def write_findings(
    folder: Path,
    outcomes: Sequence[Outcome],
    survey: Survey,
    removed: dict[int, str],
    features: FeatureFigures | None = None,
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
        "features": features and features.document(),
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
