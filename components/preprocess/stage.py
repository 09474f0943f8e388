from pathlib import Path

from components.preprocess.page import write_report
from components.preprocess.settings import PreprocessSettings
from components.preprocess.splits import Candidate, assign_splits
from components.preprocess.survey import survey_splits
from components.preprocess.write import write_records
from sightline.ground.errors import DataError, shorten
from sightline.ground.ports import Facts, InputDataset, OutputDataset, OutputReport
from sightline.stage.formats.dataset import read_columns, read_info
from sightline.stage.formats.records import SPLITS, RecordsInfo, write_info
from sightline.stage.log import event, warning


def preprocess(
    *,
    dataset: InputDataset,
    records: OutputDataset,
    report: OutputReport,
    settings: PreprocessSettings,
) -> Facts:
    """Split once and resize once, into training records and the preprocessing contract.

    Raises:
        DataError: an image has not exactly one label, or the train or test split stays empty.
    """
    info = read_info(dataset)
    candidates = read_candidates(dataset)
    splits = assign_splits(candidates, settings)
    survey = survey_splits(info.classes, candidates, splits)
    event("split", **survey.totals)
    for finding in survey.findings:
        warning("split_finding", finding=finding.text, remedy=finding.remedy)

    written = write_records(
        dataset, records, classes=info.classes, splits=splits, settings=settings
    )
    write_info(
        records,
        RecordsInfo(
            classes=info.classes,
            counts=survey.counts,
            contract=written.contract,
            shards=written.shards,
            dataset_fingerprint=info.fingerprint,
        ),
    )
    event("wrote", shards=sum(len(names) for names in written.shards.values()))
    write_report(report, survey=survey, contract=written.contract, pairs=written.pairs)
    return {
        "records": {
            **{f"num_{split}": survey.totals[split] for split in SPLITS},
            "num_classes": len(info.classes),
            "image_size": settings.image_size,
            "channels": settings.channels,
            "resize_mode": settings.resize_mode,
        },
        "report": {"num_findings": len(survey.findings)},
    }


def read_candidates(dataset: Path) -> list[Candidate]:
    """Read what splitting needs to know about each image, in the order of the rows.

    Raises:
        DataError: an image has not exactly one label.
    """
    columns = read_columns(dataset, ["uri", "labels", "group", "split"])
    others = [
        f"{uri} ({', '.join(labels) or 'no label'})"
        for uri, labels in zip(columns["uri"], columns["labels"], strict=True)
        if len(labels) != 1
    ]
    if others:
        raise DataError(
            f"{dataset}: expected one label per image, because this pipeline trains single-label "
            f"classifiers; received {len(others):,} images with none or several: "
            f"{shorten(others)}. Give each image one label, or leave these images out."
        )
    return [
        Candidate(group=group, label=labels[0], given=given)
        for group, labels, given in zip(
            columns["group"], columns["labels"], columns["split"], strict=True
        )
    ]
