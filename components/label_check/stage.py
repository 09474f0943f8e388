from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from components.label_check.appearance import check_appearance
from components.label_check.collection.check import check_collection
from components.label_check.collection.learner import NUM_DIRECTIONS, learner
from components.label_check.collection.next_steps import next_steps
from components.label_check.collection.sample import study_of
from components.label_check.collection.study import Study
from components.label_check.copies import Copies, check_copies, find_copies, rows_to_remove
from components.label_check.expected import check_expected
from components.label_check.features import RowFeatures
from components.label_check.findings import (
    SEVERITIES,
    count_severities,
    refuse,
    write_findings,
)
from components.label_check.label_names import check_label_names
from components.label_check.near_duplicates.check import check_near_duplicates, not_asked
from components.label_check.near_duplicates.groups import NO_GROUPS, kept_together, key_of
from components.label_check.near_duplicates.leaks import Leaks, find_leaks, near_rows_to_remove
from components.label_check.near_duplicates.neighbours import nearest_pairs
from components.label_check.near_duplicates.search import NearDuplicates, find_near_duplicates
from components.label_check.near_duplicates.thumbnails import Thumbnails
from components.label_check.outliers.check import check_outliers
from components.label_check.outliers.distance import FeaturesOf, Whitening, whitening
from components.label_check.page import rows_shown, write_page
from components.label_check.plain_images import check_plain_images, plain_images
from components.label_check.settings import LabelCheckSettings
from components.label_check.shortcuts.check import check_shortcuts
from components.label_check.small_problems import one_thread_if_small
from components.label_check.survey import Survey, take_survey
from components.label_check.wrong_labels.check import check_wrong_labels
from components.label_check.wrong_labels.judgement import MOST_LEARNED
from components.label_check.wrong_labels.look import look_for_wrong_labels
from components.label_check.wrong_labels.suspects import WrongLabels, write_suspects
from sightline.ground.errors import DataError
from sightline.ground.headlines.next_steps import KEY, metadata_of
from sightline.ground.history.feature_figures import FeatureFigures
from sightline.ground.ports import (
    Facts,
    InputArtifact,
    InputDataset,
    OutputArtifact,
    OutputDataset,
    OutputReport,
)
from sightline.problems import Problem
from sightline.problems.findings import NotRun, Outcome
from sightline.problems.targets import TargetSurvey
from sightline.stage import log
from sightline.stage.formats.checked import write_checked
from sightline.stage.formats.dataset import DatasetInfo, DatasetWriter, read_examples, read_info
from sightline.stage.imaging.arrays import Pixels, decode
from sightline.stage.report.images import shrunk


def label_check(
    *,
    dataset: InputDataset,
    extractor: InputArtifact,
    cleaned: OutputDataset,
    features: OutputArtifact,
    findings: OutputArtifact,
    report: OutputReport,
    settings: LabelCheckSettings,
) -> Facts:
    """Tell whether a dataset is worth training on, and clean it.

    Raises:
        DataError: there is no image, or a finding is as severe as `fail_on`.
    """
    with (
        RowFeatures(extractor, dataset, workers=settings.workers) as seen,
        one_thread_if_small(read_info(dataset).num_examples),
    ):
        survey, found = look(dataset, settings, seen)
        problem = survey.problem
        study = found.study(survey)
        outcomes = run_checks(survey, problem, found, study, settings)
        counts = count_severities(outcomes)
        log.event("checked", **counts, removed=len(found.removed))
        refuse(outcomes, survey, settings)

        shown = rows_shown(outcomes, settings.max_thumbnails, found.wrong_labels)
        info, pictures = write_cleaned(dataset, cleaned, survey, problem, found=found, keep=shown)
        computed = seen.write(features, kept_rows(survey, found))
    write_findings(findings, outcomes, survey, found.removed, found.figures)
    write_suspects(findings, survey, found.wrong_labels, settings.max_suspects)
    write_page(
        report,
        survey,
        outcomes,
        found.removed,
        pictures,
        settings.max_thumbnails,
        doubts=found.wrong_labels,
        study=study,
    )
    return {
        "cleaned": {"num_images": info.num_examples, "fingerprint": info.fingerprint},
        "features": computed,
        "findings": {
            **{f"num_{severity}s": counts[severity] for severity in SEVERITIES},
            "num_removed": len(found.removed),
            KEY: metadata_of(next_steps(outcomes, survey, study)),
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What occurs more than once or looks wrong, and what the cleaned dataset leaves out."""

    copies: Copies
    near: NearDuplicates | None
    """None where they were not looked for."""
    leaks: Leaks
    removed: dict[int, str]
    """Row -> reason."""
    groups: dict[str, str]
    """What an image's split hangs on -> the group that takes its place."""
    wrong_labels: WrongLabels
    plain: dict[int, str]
    """Row of an image that shows nothing -> what it is."""
    features: FeaturesOf | None
    """What a backbone sees in images, by their rows; None where there are no features."""
    whitening: Whitening | None
    points: FeaturesOf | None
    """The features on their strongest directions, from which models learn."""
    figures: FeatureFigures | None
    """Mean and spread of the features."""
    no_features: str
    """Why there are none; empty where there are."""

    @property
    def edits(self) -> Mapping[str, str]:
        """The groups of near-duplicates, also where they stay out of the dataset."""
        return self.near.groups if self.near else NO_GROUPS

    def checked(self, survey: Survey, row: int) -> str | None:
        """Return what evaluate may know of an image: its measurements, and what is doubted."""
        image = survey.images[row]
        if image.scores is None:
            return None
        key = key_of(image, image.scores)
        judged = None if self.wrong_labels.reason else ""
        return write_checked(
            image.scores,
            suspect=self.wrong_labels.suggested.get(row, judged),
            like=None if self.near is None else self.near.groups.get(key, ""),
        )

    @property
    def passed_over(self) -> set[int]:
        """Rows that say nothing of what the classes look like."""
        return {*self.removed, *self.plain}

    def study(self, survey: Survey) -> Study | None:
        """Return what a model on the features makes of the images; None without features."""
        if self.points is None:
            return None
        return study_of(survey, self.points, self.passed_over, learner, self.edits)


def look(dataset: Path, settings: LabelCheckSettings, seen: RowFeatures) -> tuple[Survey, Repeated]:
    """Measure every image once; find those that occur more than once, and labels that look wrong.

    `seen` receives the features of every row.

    Raises:
        DataError: there is no image.
    """
    with Thumbnails() as thumbnails:
        wanted = None if settings.near_duplicates == "off" else thumbnails
        survey = take_survey(dataset, workers=settings.workers, thumbnails=wanted, features=seen)
        if not survey.images:
            raise DataError(
                f"{dataset}: expected a dataset with images, received one with none. "
                "Look into ingest's quarantine for what was refused."
            )
        log.event("measured", images=len(survey.images), unreadable=survey.num_unreadable)
        seen.keep([image.id for image in survey.images])
        copies = find_copies(survey)
        removed = rows_to_remove(survey, copies, settings)
        visible, directions = seen.of_rows(), whitening_of(survey, seen)
        nearest = partial(nearest_pairs, visible, directions) if visible and directions else None
        near = None
        if wanted is not None:
            near = find_near_duplicates(
                survey, wanted, left_out=removed, workers=settings.workers, neighbours=nearest
            )
        doubts = look_for_wrong_labels(
            survey, copies, near, features=seen.evidence(), thumbnails=wanted, settings=settings
        )
    known = near or NearDuplicates()
    leaks = find_leaks(survey, known, removed)
    removed |= near_rows_to_remove(survey, known, leaks, removed, settings)
    found = Repeated(
        copies=copies,
        near=near,
        leaks=leaks,
        removed=removed,
        groups=known.groups if settings.near_duplicates == "group" else {},
        wrong_labels=doubts,
        plain=plain_images(survey),
        features=visible,
        whitening=directions,
        points=seen.points(NUM_DIRECTIONS),
        figures=seen.figures(),
        no_features=seen.reason,
    )
    return survey, found


def whitening_of(survey: Survey, seen: RowFeatures) -> Whitening | None:
    """Return the directions in which the images differ most; None without features."""
    features = seen.of_rows()
    # Neither the order of reading nor names decide what is fitted.
    ordered = sorted(survey.scored, key=lambda one: one[1].pixel_hash)
    if features is None or not ordered:
        return None
    return whitening(features, [image.row for image, _ in ordered])


def run_checks(
    survey: Survey,
    problem: Problem,
    found: Repeated,
    study: Study | None,
    settings: LabelCheckSettings,
) -> list[Outcome]:
    """Run every check; one that cannot run says so."""
    targets = TargetSurvey(
        classes=survey.classes,
        targets=[image.target for image in survey.images],
        splits=[image.split for image in survey.images],
        removed=found.removed,
        min_images_per_class=settings.min_images_per_class,
        wanted_images_per_class=settings.wanted_images_per_class,
        max_imbalance=settings.max_imbalance,
        features=found.points,
        most_learned=MOST_LEARNED,
        groups=[kept_together(image, found.edits) for image in survey.images],
    )
    without = f"What a backbone sees in the images is not known: {found.no_features}"
    return [
        *([Outcome("features", not_run=NotRun(without))] if found.no_features else []),
        *problem.targets.check(targets),
        *check_label_names(survey),
        *check_copies(survey, found.copies, settings, not_asked=not_asked(found.near)),
        *check_near_duplicates(survey, found.near, found.leaks, settings),
        *check_wrong_labels(survey, found.wrong_labels),
        *check_plain_images(survey, found.plain),
        *check_appearance(survey, settings, plain=found.plain),
        *check_shortcuts(survey, found.passed_over, found.edits),
        *check_outliers(survey, found.features, found.passed_over, found.whitening),
        *check_collection(survey, study),
        *check_expected(survey, settings.expected, found.figures),
    ]


def kept_rows(survey: Survey, found: Repeated) -> dict[int, str]:
    """Return the rows that the cleaned dataset has, each with its id."""
    return {
        image.row: image.id
        for image in survey.images
        if image.row not in found.removed and image.scores is not None
    }


def write_cleaned(
    dataset: Path,
    cleaned: Path,
    survey: Survey,
    problem: Problem,
    *,
    found: Repeated,
    keep: set[int],
) -> tuple[DatasetInfo, dict[int, Pixels]]:
    """Copy the dataset without the removed rows, with the hash of each image's pixels and groups.

    Return also small pictures of the rows in `keep`.
    """
    pictures: dict[int, Pixels] = {}
    with DatasetWriter(
        cleaned,
        slices=survey.info.slices,
        problem=problem.name,
        target=problem.targets.column(),
        value_range=survey.info.value_range,
        about=survey.info.about,
    ) as writer:
        kept = kept_rows(survey, found)
        for row, example in enumerate(read_examples(dataset)):
            scores = survey.images[row].scores
            if row in keep and scores is not None:
                pictures[row] = shrunk(decode(example.image, value_range=survey.info.value_range))
            if row in kept and scores is not None:
                group = found.groups.get(key_of(survey.images[row], scores), example.group)
                pixels, checked = scores.pixel_hash.hex(), found.checked(survey, row)
                writer.add(replace(example, pixels=pixels, group=group, checked=checked))
        info = writer.finish(
            classes=survey.classes,
            source=survey.info.source,
            corrections=survey.info.corrections,
        )
    return info, pictures
