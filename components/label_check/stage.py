from dataclasses import replace
from pathlib import Path

from components.label_check.appearance import check_appearance
from components.label_check.copies import Copies, check_copies, find_copies, rows_to_remove
from components.label_check.findings import (
    SEVERITIES,
    by_severity,
    count_severities,
    write_findings,
)
from components.label_check.label_names import check_label_names
from components.label_check.page import rows_shown, write_page
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey, take_survey
from sightline.ground.errors import DataError
from sightline.ground.ports import Facts, InputDataset, OutputArtifact, OutputDataset, OutputReport
from sightline.ground.wording import counted
from sightline.problems import Problem, problem_of
from sightline.problems.findings import Outcome
from sightline.problems.targets import TargetSurvey
from sightline.stage import log
from sightline.stage.formats.dataset import DatasetInfo, DatasetWriter, read_examples

FINDINGS_IN_MESSAGE = 5


def label_check(
    *,
    dataset: InputDataset,
    cleaned: OutputDataset,
    findings: OutputArtifact,
    report: OutputReport,
    settings: LabelCheckSettings,
) -> Facts:
    """Tell whether a dataset is worth training on, and clean it.

    Raises:
        DataError: there is no image, or a finding is as severe as `fail_on`.
    """
    survey = take_survey(dataset, workers=settings.workers)
    if not survey.images:
        raise DataError(
            f"{dataset}: expected a dataset with images, received one with none. "
            "Look into ingest's quarantine for what was refused."
        )
    log.event("measured", images=len(survey.images), unreadable=survey.num_unreadable)

    copies = find_copies(survey)
    removed = rows_to_remove(survey, copies, settings)
    problem = problem_of(survey.info.problem)
    outcomes = run_checks(survey, problem, copies, removed, settings)
    counts = count_severities(outcomes)
    log.event("checked", **counts, removed=len(removed))
    refuse(outcomes, settings)

    shown = rows_shown(outcomes, settings.max_thumbnails)
    info, pictures = write_cleaned(
        dataset, cleaned, survey, problem, removed=set(removed), keep=shown
    )
    write_findings(findings, outcomes, survey, removed)
    write_page(report, survey, outcomes, removed, pictures, settings.max_thumbnails)
    return {
        "cleaned": {"num_images": info.num_examples, "fingerprint": info.fingerprint},
        "findings": {
            **{f"num_{severity}s": counts[severity] for severity in SEVERITIES},
            "num_removed": len(removed),
        },
    }


def run_checks(
    survey: Survey,
    problem: Problem,
    copies: Copies,
    removed: dict[int, str],
    settings: LabelCheckSettings,
) -> list[Outcome]:
    """Run every check; one that cannot run says so."""
    targets = TargetSurvey(
        classes=survey.classes,
        targets=[image.target for image in survey.images],
        splits=[image.split for image in survey.images],
        removed=removed,
        min_images_per_class=settings.min_images_per_class,
        max_imbalance=settings.max_imbalance,
    )
    return [
        *problem.targets.check(targets),
        *check_label_names(survey),
        *check_copies(copies, settings),
        *check_appearance(survey, settings),
    ]


def refuse(outcomes: list[Outcome], settings: LabelCheckSettings) -> None:
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
    lines = [f"- {item.title} {item.remedy}" for item in found[:FINDINGS_IN_MESSAGE]]
    if len(found) > FINDINGS_IN_MESSAGE:
        lines.append(f"- And {counted(len(found) - FINDINGS_IN_MESSAGE, 'more finding')}.")
    expected = " or ".join(f"{severity}s" for severity in grave)
    listed = "\n".join(lines)
    raise DataError(
        f"Expected a dataset without {expected}, received {len(found)}:\n{listed}\n"
        "To go on in spite of this, and to get the whole report with pictures: "
        "--set label_check.fail_on=never"
    )


def write_cleaned(
    dataset: Path,
    cleaned: Path,
    survey: Survey,
    problem: Problem,
    *,
    removed: set[int],
    keep: set[int],
) -> tuple[DatasetInfo, dict[int, bytes]]:
    """Copy the dataset without the removed rows and with the hash of each image's pixels.

    Return also the bytes of the rows in `keep`.
    """
    pictures: dict[int, bytes] = {}
    with DatasetWriter(
        cleaned,
        slices=survey.info.slices,
        problem=problem.name,
        target=problem.targets.column(),
        value_range=survey.info.value_range,
    ) as writer:
        for row, example in enumerate(read_examples(dataset)):
            if row in keep:
                pictures[row] = example.image
            scores = survey.images[row].scores
            if row not in removed and scores is not None:
                writer.add(replace(example, pixels=scores.pixel_hash.hex()))
        info = writer.finish(classes=survey.classes, source=survey.info.source)
    return info, pictures
