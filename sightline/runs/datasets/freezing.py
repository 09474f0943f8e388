"""From what label check measured in a run to what is expected of later data."""

from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.history.expectations import Expectations, document_of
from sightline.ground.history.feature_figures import figures_in
from sightline.project.target import Target
from sightline.runs.datasets.findings import read_findings
from sightline.runs.records import RunRecord

HEADER = """\
# What label check expects of later data (label_check.expected), written by `sightline data freeze`.
# Take out what may change: a line of `measurements`, `modes`, or `features`.
"""


def freeze(record: RunRecord, target: Target, file: Path) -> Expectations:
    """Write the expectations that the data of a run meet.

    Raises:
        UserError: the run has no findings, or such from before there were measurements.
    """
    content = read_findings(record, target)
    if "measurements" not in content:
        raise UserError(
            f"run {record.id}: expected measurements in its findings, found those of an earlier "
            "version. Run again: sightline run --until label_check."
        )
    expected = Expectations(
        num_images=content["num_images"],
        classes=content["images_per_class"],
        modes=content["modes"],
        measurements={name: tuple(values) for name, values in content["measurements"].items()},
        features=figures_in(content.get("features")),
    )
    write_expectations(file, expected, source=f"run {record.id}")
    return expected


def write_expectations(path: Path, expected: Expectations, *, source: str) -> None:
    """Write a file that people can read and edit."""
    import yaml

    content = document_of(expected, source=source)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + text, encoding="utf-8")
