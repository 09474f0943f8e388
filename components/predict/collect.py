from pathlib import Path

from components.predict.page import write_report
from components.predict.settings import CollectSettings
from components.predict.stage import ANSWERS
from components.predict.survey import survey_of
from sightline.batch.answering import open_places
from sightline.batch.joining import Form, Output, join
from sightline.batch.listing import read_listing
from sightline.ground.ports import (
    Facts,
    InputDataset,
    InputDatasets,
    OutputDataset,
    OutputMetrics,
    OutputReport,
)
from sightline.stage import log
from sightline.stage.command import run
from sightline.stage.formats.schema import write_document

SCHEMA = "sightline.predictions"
VERSION = 1


def collect(
    *,
    listing: InputDataset,
    answers: InputDatasets,
    predictions: OutputDataset,
    metrics: OutputMetrics,
    report: OutputReport,
    fingerprint: str,
    settings: CollectSettings,
) -> Facts:
    """Put the answers to all shards together.

    Raises:
        DataError: a shard's answers are damaged.
    """
    listed, shards = read_listing(listing), [Path(one) / ANSWERS for one in answers]
    predictions.mkdir(parents=True, exist_ok=True)
    forms: tuple[Form, ...] = ("parquet", "csv") if settings.csv else ("parquet",)
    for form in forms:
        join(shards, Output(predictions / f"predictions.{form}", form))
    survey = survey_of(shards, num_least_sure=settings.max_thumbnails)
    facts = {
        "num_images": survey.num_images,
        "num_answered": survey.num_images - survey.num_refused,
        "num_refused": survey.num_refused,
        "source": listed.source,
        "model": fingerprint,
    }
    write_document(predictions / "predictions.json", SCHEMA, VERSION, facts)
    with open_places(settings.of_source()) as places:
        write_report(report, survey, listed, fingerprint, listing=listing, places=places)
    log.event("collected", images=survey.num_images, refused=survey.num_refused)
    counts = {name: value for name, value in facts.items() if isinstance(value, int)}
    return {"predictions": facts, "metrics": counts, "report": {}}


if __name__ == "__main__":
    run(collect)
