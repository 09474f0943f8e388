"""The export report: is the exported model the evaluated one, what does it cost, its card."""

from collections.abc import Sequence
from pathlib import Path

from components.export.parity import Parity
from components.export.sampling import Sample, count_kinds
from sightline.ground.errors import shorten
from sightline.problems.wording import classes, images, joined
from sightline.stage.formats.bundle import BundleInfo
from sightline.stage.formats.engine import LABELS, LITERT, TENSORFLOW
from sightline.stage.report.images import Thumbnail
from sightline.stage.report.page import Page

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
    same = " and ".join(one.name for one in results if one.engine in (TENSORFLOW, LITERT))
    page.notice("good", f"{same}: the evaluated answers, repeated on original image files.")
    for engine in info.engines:
        if not engine.usable:
            name = LABELS[engine.name]
            page.notice("warning", f"{name} is not in the bundle.", detail=engine.reason)
    if sample.left_out:
        reasons = shorten(list(sample.left_out.values()))
        page.notice("info", f"{images(len(sample.left_out))} not compared.", detail=reasons)
    _show_models(page, results)
    _show_kinds(page, sample)
    page.section("Golden requests", "Every deployment must repeat these answers.")
    page.thumbnails(list(golden[:MAX_THUMBNAILS]))
    page.section("Model card", "The file model_card.md of the bundle.")
    page.document(card)
    page.write(path)


def _show_models(page: Page, results: Sequence[Parity]) -> None:
    page.section(
        "Exported models",
        "Each one answered the same test images; time is the median of single images on the "
        "machine that exported, preprocessing included.",
    )
    page.table(
        ["model", "same answer", "largest difference", "mean difference", "ms per image", "kB"],
        [
            [
                result.name,
                f"{result.top1_agreement:.1%}",
                round(result.max_difference, 5),
                round(result.mean_difference, 6),
                result.latency_ms,
                round(result.size_bytes / 1000),
            ]
            for result in results
        ],
        bars=("ms per image", "kB"),
    )


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
