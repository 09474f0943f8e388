"""The report: what came in, what was refused, how it looks."""

from collections.abc import Sequence
from pathlib import Path

from components.ingest.corrections.corrected import Corrected, said_of
from components.ingest.quarantine import QuarantineWriter
from components.ingest.survey import Survey
from sightline.ground.errors import shorten
from sightline.ground.source.reading import Source
from sightline.ground.wording import counted
from sightline.problems import problem_of
from sightline.problems.wording import images
from sightline.stage.formats.dataset import DatasetInfo
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Page

MOST_ROWS = 100
MOST_SAMPLES = 240
LONGEST_CELL = 300
ADVICE = "Correct what the quarantine names, or take it out of the source."


def write_report(
    path: Path,
    info: DatasetInfo,
    survey: Survey,
    refused: QuarantineWriter,
    source: Source,
    *,
    lost: Sequence[str] = (),
    corrected: Corrected | None = None,
) -> None:
    """Write the report page."""
    num_refused = refused.counts.total()
    page = Page(title="ingest", subtitle=f"{source.kind} {info.source}")
    page.summary(
        {
            "images": info.num_examples,
            **({"classes": len(info.classes)} if info.classes else {}),
            "refused": num_refused,
            "megabytes": round(survey.num_bytes / 1e6, 1),
        }
    )
    for sentence in lost:
        page.notice("error", sentence, detail=ADVICE)
    for sentence in source.taken:
        page.notice("info", sentence)
    if source.ignored:
        page.notice(
            "info",
            f"{counted(len(source.ignored), 'file')} beside the images ignored.",
            detail=shorten(list(source.ignored)),
        )
    if survey.num_rotated:
        page.notice("info", f"{images(survey.num_rotated)} turned upright by EXIF data.")
    if survey.num_animated:
        page.notice(
            "info", f"{counted(survey.num_animated, 'animation')}: only the first frame is used."
        )
    if survey.num_not_elsewhere:
        page.notice(
            "info",
            f"Other servers of the model, such as TensorFlow Serving, will refuse "
            f"{images(survey.num_not_elsewhere)} for their kind of file.",
            detail="Training, serve and predict read them. The table of kinds says why the others "
            "do not.",
        )
    _refused(page, refused)
    _corrections(page, corrected, info, survey)
    _targets(page, info, survey)
    _files(page, survey)
    _samples(page, info, survey)
    page.write(path)


def _refused(page: Page, refused: QuarantineWriter) -> None:
    if not refused.counts:
        page.notice("good", "Every row could be used.")
        return
    page.section("Refused", "Rows that could not be used; quarantine.csv holds all of them.")
    page.table(
        columns=["reason", "rows"],
        rows=[[name, count] for name, count in refused.counts.most_common()],
        bars=("rows",),
    )
    shown = refused.examples[:MOST_ROWS]
    page.table(
        columns=["row", "location", "label", "reason", "what to do"],
        rows=[
            [
                one.row,
                one.location[:LONGEST_CELL],
                one.label[:LONGEST_CELL],
                one.text[:LONGEST_CELL],
                one.remedy or one.reason.remedy,
            ]
            for one in shown
        ],
        caption=f"{len(shown):,} of {refused.counts.total():,} refused rows",
    )


def _corrections(
    page: Page, corrected: Corrected | None, info: DatasetInfo, survey: Survey
) -> None:
    if corrected is None or info.corrections is None:
        return
    page.section("Corrections", f"What people decided: {said_of(info.corrections)}.")
    for name in corrected.emptied(survey.classes):
        page.notice("info", f"Corrections took the last image of {name[:LONGEST_CELL]}.")
    shown = corrected.changes[:MOST_ROWS]
    page.table(
        columns=["decision", "image", "label in the source", "label now", "decided in"],
        rows=[
            [one.what, one.uri[:LONGEST_CELL], one.given, one.now, one.place.rpartition("/")[2]]
            for one in shown
        ],
        caption=f"{len(shown):,} of {counted(len(corrected.changes), 'image')}",
    )


def _targets(page: Page, info: DatasetInfo, survey: Survey) -> None:
    if info.classes:
        _classes(page, info, survey)
    if survey.targets:
        problem_of(info.problem, info.about).targets.show(page, survey.targets)


def _classes(page: Page, info: DatasetInfo, survey: Survey) -> None:
    page.section("Classes", "Images per class, and per split where the source gives splits.")
    splits = survey.splits if survey.splits != [""] else []
    page.table(
        columns=["class", "images", *(split or "no split" for split in splits)],
        rows=[
            [name, info.class_counts[name], *(survey.class_splits[name, s] for s in splits)]
            for name in info.classes
        ],
        bars=("images",),
    )


def _files(page: Page, survey: Survey) -> None:
    page.section("Files", "Formats and sizes as received.")
    page.table(
        columns=["format", "mode", "images"],
        rows=[[*key, count] for key, count in survey.formats.most_common()],
        bars=("images",),
    )
    page.table(
        columns=["kind", "images", "why other servers refuse it"],
        rows=[[kind, n, reason] for (kind, reason), n in survey.kinds.most_common()],
        bars=("images",),
    )
    page.table(
        columns=["longer side", "images"],
        rows=[[f"up to {size:,} px", n] for size, n in sorted(survey.longer_sides.items())],
        bars=("images",),
    )


def _samples(page: Page, info: DatasetInfo, survey: Survey) -> None:
    of_each = " of each class" if info.classes else ""
    page.section("Samples", f"The first images{of_each}.")
    per_class = max(1, MOST_SAMPLES // max(1, len(survey.samples)))
    shown = [
        Thumbnail(
            image=one.thumbnail, title=one.title or name, text=one.location.rpartition("/")[2]
        )
        for name, samples in sorted(survey.samples.items())
        for one in samples[:per_class]
    ]
    left_out = len(shown) - MOST_SAMPLES
    caption = f"{counted(left_out, 'class', 'classes')} left out" if left_out > 0 else ""
    page.thumbnails(shown[:MOST_SAMPLES], caption=caption)
