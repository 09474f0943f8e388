"""The export report: is the exported model the evaluated one, what does it cost, its card."""

from collections.abc import Sequence
from pathlib import Path

from components.export.measuring.parity import Parity
from components.export.measuring.sampling import Sample, count_kinds
from components.export.wording import before_and_now, rounded_to, with_interval
from sightline.ground.errors import shorten
from sightline.problems._pages.slices import CALLED, LEFT_OUT
from sightline.problems.wording import classes, images, joined
from sightline.stage.answering.engine import BY_ENGINE
from sightline.stage.formats.bundle import BundleInfo
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Cell, Page

MAX_THUMBNAILS = 24


def write_report(
    path: Path,
    info: BundleInfo,
    results: Sequence[Parity],
    sample: Sample,
    golden: Sequence[Thumbnail],
    card: str,
    trainable_bytes: int,
) -> None:
    """Write the report page of the export stage."""
    served = results[0]
    page = Page(
        title="export",
        subtitle=joined(info.model_name, classes(len(info.classes))),
    )
    page.summary(
        {
            "images compared": served.num_images,
            "same answer": f"{served.top1_agreement:.1%}",
            "largest difference": f"{served.max_difference:.5f}",
            "SavedModel": f"{served.size_bytes / 1000:,.0f} kB",
            "to train on (not served)": f"{trainable_bytes / 1000:,.0f} kB",
        }
    )
    same = " and ".join(
        one.name for one in results if one.engine and not BY_ENGINE[one.engine].rounds
    )
    page.notice("good", f"{same}: the evaluated answers, repeated on original image files.")
    for engine in info.engines:
        if not engine.usable:
            name = BY_ENGINE[engine.name].label
            page.notice("warning", f"{name} is not in the bundle: {engine.reason}.")
    if sample.left_out:
        reasons = shorten(list(sample.left_out.values()))
        page.notice("info", f"{images(len(sample.left_out))} not compared.", detail=reasons)
    _show_models(page, results)
    _show_slices(page, results)
    _show_kinds(page, sample)
    page.section("Golden requests", "Every deployment must repeat these answers.")
    page.thumbnails(list(golden[:MAX_THUMBNAILS]))
    page.section("Model card", "The file model_card.md of the bundle.")
    page.document(card)
    page.write(path)


def _show_models(page: Page, results: Sequence[Parity]) -> None:
    page.section(
        "Forms of the model",
        "All answered the same test images. Time is the median of single images on the machine "
        "that exported, preprocessing included, one thread (the SavedModel takes all): a noisy "
        "figure, as other work ran beside it.",
    )
    judged = [one.accuracy.overall if one.accuracy else None for one in results]
    label = next((part.label for part in judged if part), "")
    page.table(
        ["form", "same answer", "most different", label, "loses", "ms", "kB"],
        [
            [
                f"{result.name}{'' if result.kept else ', left out'}",
                f"{result.top1_agreement:.1%} of {result.num_images:,}",
                round(result.max_difference, 5),
                with_interval(part),
                part.loss if part else None,
                result.latency_ms,
                round(result.size_bytes / 1000),
            ]
            for result, part in zip(results, judged, strict=True)
        ],
        bars=("ms", "kB"),
    )


def _show_slices(page: Page, results: Sequence[Parity]) -> None:
    """Show what forms that round answer on each slice, beside the evaluated model."""
    rounded = [one for one in results if one.engine and BY_ENGINE[one.engine].rounds]
    shown = [(one, part) for one in rounded if one.accuracy for part in one.accuracy.slices]
    further = [
        name
        for name in dict.fromkeys(name for _, part in shown for name in part.further)
        if name not in LEFT_OUT
    ]
    rows: list[list[Cell]] = [
        [
            f"{part.column}: {part.value}",
            part.num_images,
            result.name,
            rounded_to(part.evaluated),
            with_interval(part),
            part.loss,
            *(before_and_now(part.further.get(name)) for name in further),
        ]
        for result, part in shown
    ]
    if rows:
        page.section("Slices after rounding", "Intervals tell which differences say something.")
        called = [CALLED.get(name, name.replace("_", " ")) for name in further]
        page.table(["slice", "images", "form", "evaluated", "now", "loses", *called], rows)


def _show_kinds(page: Page, sample: Sample) -> None:
    kinds = count_kinds(sample)
    refused = sum(one.test_images for one in kinds if one.refused_elsewhere)
    total = sum(one.test_images for one in kinds)
    page.section(
        "Kinds of files",
        f"Of {total:,} test images, {refused:,} are of kinds that other servers of the "
        "SavedModel refuse, as their pixels would differ. Serve and predict read them all.",
    )
    page.table(
        ["kind", "test images", "compared", "compared as other servers", "why others refuse it"],
        [
            [
                one.kind,
                one.test_images,
                one.compared,
                one.compared_elsewhere,
                one.refused_elsewhere,
            ]
            for one in kinds
        ],
    )
