from collections.abc import Sequence
from pathlib import Path

from components.preprocess.earlier import assignment_of, permanence, read_earlier
from components.preprocess.page import write_report
from components.preprocess.settings import PreprocessSettings
from components.preprocess.splits import Candidate, assign_splits
from components.preprocess.survey import SplitSurvey, survey_splits
from components.preprocess.write import Placed, write_records
from sightline.ground.errors import DataError
from sightline.ground.ports import Facts, InputDataset, OutputDataset, OutputReport
from sightline.ground.source.targets import Target
from sightline.problems import Problem, problem_of
from sightline.stage.formats.assignment import write_assignment
from sightline.stage.formats.dataset import read_columns, read_info
from sightline.stage.formats.records import SPLITS, RecordsInfo, write_info
from sightline.stage.log import event


def preprocess(
    *,
    dataset: InputDataset,
    records: OutputDataset,
    report: OutputReport,
    settings: PreprocessSettings,
) -> Facts:
    """Split once and resize once, into training records and the preprocessing contract.

    Raises:
        DataError: the labels of an image cannot be learned, or the train or test split stays
            empty; or `splits_from` names no records of an earlier run.
    """
    info = read_info(dataset)
    problem = problem_of(info.problem, info.about)
    targets = read_targets(dataset, problem)
    candidates = read_candidates(dataset, problem, targets)
    earlier = read_earlier(settings)
    splits = assign_splits(candidates, settings, earlier)
    strata = problem.targets.in_order([one.stratum for one in candidates], targets)
    survey = survey_splits(info.classes, candidates, splits, problem.targets.part, strata)
    event("split", **survey.totals)
    trained_on = [one for one, split in zip(targets, splits, strict=True) if split == "train"]

    placed = [Placed(split, one.group) for split, one in zip(splits, candidates, strict=True)]
    written = write_records(
        dataset, records, info=info, targets=problem.targets, placed=placed, settings=settings
    )
    write_info(
        records,
        RecordsInfo(
            problem=problem.name,
            features=problem.targets.features,
            classes=info.classes,
            counts=survey.counts,
            class_counts=survey.class_counts if survey.overlaps else None,
            contract=written.contract,
            shards=written.shards,
            dataset_fingerprint=info.fingerprint,
            about={**problem.about, **problem.targets.learn(trained_on)},
        ),
    )
    write_assignment(records, assignment_of(candidates, splits, settings, earlier))
    event("wrote", shards=sum(len(names) for names in written.shards.values()))
    write_report(
        report,
        survey=survey,
        contract=written.contract,
        pairs=written.pairs,
        permanence=permanence(candidates, settings, earlier),
    )
    return facts_of(survey, settings)


def facts_of(survey: SplitSurvey, settings: PreprocessSettings) -> Facts:
    """Return what the pipeline's pages show beside the artifacts."""
    return {
        "records": {
            **{f"num_{split}": survey.totals[split] for split in SPLITS},
            **({"num_classes": len(survey.classes)} if survey.classes else {}),
            "image_size": settings.image_size,
            "channels": settings.channels,
            "resize_mode": settings.resize_mode,
        },
        "report": {"num_findings": len(survey.findings)},
    }


def read_targets(dataset: Path, problem: Problem) -> list[Target]:
    """Read what is to be learned about each image, in the order of the rows."""
    value = [] if problem.targets.column() is None else ["target"]
    columns = read_columns(dataset, ["labels", *value])
    values = columns.get("target", [None] * len(columns["labels"]))
    return list(map(Target, map(tuple, columns["labels"]), values))


def read_candidates(dataset: Path, problem: Problem, targets: Sequence[Target]) -> list[Candidate]:
    """Read what splitting needs to know about each image, in the order of the rows.

    Raises:
        DataError: the labels of an image cannot be learned.
    """
    columns = read_columns(dataset, ["id", "uri", "group", "pixels", "split"])
    try:
        strata = problem.targets.strata(targets, columns["uri"])
    except DataError as error:
        raise DataError(f"{dataset}: {error}") from error
    groups = map(group_of, columns["id"], columns["group"], columns["pixels"])
    return [
        Candidate(
            group=group,
            stratum=stratum,
            given=given,
            image=pixels or identity,
            labels=target.labels,
        )
        for group, stratum, given, pixels, identity, target in zip(
            groups, strata, columns["split"], columns["pixels"], columns["id"], targets, strict=True
        )
    ]


def group_of(identity: str, group: str, pixels: str | None) -> str:
    """Return what an image's split hangs on: its group, else its pixels whatever its file is.

    A dataset that label_check did not write knows no hash of pixels: there it is the file's.
    """
    return group if group != identity or pixels is None else pixels
