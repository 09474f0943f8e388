"""The report of a batch: what was answered, how sure the model is, what was refused."""

from pathlib import Path

import numpy as np

from components.predict.survey import LeastSure, Survey
from sightline.batch.answering import Places
from sightline.batch.listing import Listing, read_shard, shard_path
from sightline.client.photos import PhotoError
from sightline.ground.errors import DataError
from sightline.ground.source.refusals import RefusedError
from sightline.stage.report import charts
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Page

MOST_BARS = 40
MOST_KINDS = 20


def write_report(
    path: Path, survey: Survey, listed: Listing, model: str, *, listing: Path, places: Places
) -> None:
    """Write the report page."""
    version, _, digest = model.partition(" ")
    page = Page(title="predict", subtitle=f"{listed.source}, answered by version {version}")
    page.summary(
        {
            "images": survey.num_images,
            "answered": survey.num_images - survey.num_refused,
            "refused": survey.num_refused,
            "shards": len(listed.shards),
            "version": version,
        }
    )
    if survey.num_refused:
        page.notice(
            "warning",
            f"{survey.num_refused:,} of {survey.num_images:,} images have no answer.",
            detail="Each has its reason below and in the column error of the table.",
        )
    else:
        page.notice("good", "Every image was answered.")
    _answers(page, survey)
    _confidence(page, survey)
    _least_sure(page, survey, listing, places)
    _refusals(page, survey)
    page.section("Model")
    page.table(["what", "value"], [["version", version], ["bundle", digest[:12]]])
    page.write(path)


def _answers(page: Page, survey: Survey) -> None:
    if survey.numbers:
        page.section("Answers")
        for name, parts in survey.numbers.items():
            values = np.concatenate(parts)
            page.figure(charts.histogram(values.tolist(), x_label=name), front=True)
    elif survey.answers:
        page.section("Answers", "How many images were called what.")
        common = survey.answers.most_common(MOST_BARS)
        page.figure(
            charts.bars([name for name, _ in common], [n for _, n in common], x_label="images"),
            front=True,
        )
        page.table(["answer", "images"], common, bars=["images"])


def _confidence(page: Page, survey: Survey) -> None:
    values = np.concatenate(survey.confidences) if survey.confidences else np.empty(0)
    if not len(values):
        return
    page.section(
        "Confidence",
        "How sure the model is of its answers. Look at those on the left before you rely on them; "
        "many there mean that these images are unlike those that it learned from.",
    )
    page.figure(charts.histogram(values.tolist(), x_label="confidence"), front=True)


def _least_sure(page: Page, survey: Survey, listing: Path, places: Places) -> None:
    shown = [
        Thumbnail(image, one.answer, f"{one.confidence:.3f} {one.uri.rpartition('/')[2]}")
        for one in survey.least_sure
        if (image := _image(one, listing, places))
    ]
    if shown:
        page.section("Least sure", "The images that the model is least sure of.")
        page.thumbnails(shown)


def _image(one: LeastSure, listing: Path, places: Places) -> bytes | None:
    try:
        return places.read(read_shard(shard_path(listing, one.shard))[one.at])
    except (RefusedError, PhotoError, DataError):
        return None  # it is gone since it was answered


def _refusals(page: Page, survey: Survey) -> None:
    if not survey.reasons:
        return
    page.section("Refused", "Images without an answer, by their reason.")
    page.table(
        ["reason", "images", "such as", "in full"],
        [
            [kind, count, survey.examples[kind][0][0], survey.examples[kind][0][1]]
            for kind, count in survey.reasons.most_common(MOST_KINDS)
        ],
        bars=["images"],
    )
