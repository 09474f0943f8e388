"""The page of ingest: what came in, what was refused, and samples of each class."""

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from components.ingest.page import LONGEST_CELL, MOST_ROWS, MOST_SAMPLES, write_report
from components.ingest.quarantine import QuarantineWriter
from components.ingest.survey import Sample, Survey
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.reading import Source
from sightline.ground.source.refusals import DAMAGED, EMPTY, Reason, Refusal
from sightline.stage.formats.dataset import DatasetInfo


def page(
    folder: Path, *, per_class: dict[str, int], refused: tuple[Refusal, ...] = (), splits: str = ""
) -> str:
    """The page of a source with so many samples in each class."""
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "PNG")
    survey = Survey(
        num_images=sum(per_class.values()),
        num_bytes=1_250_000,
        class_splits=Counter({(name, splits): count for name, count in per_class.items()}),
        longer_sides=Counter({1024: 3, 64: 2}),
        samples={
            name: [Sample(f"photos/{name}/{number}.png", buffer.getvalue()) for number in range(n)]
            for name, n in per_class.items()
        },
    )
    info = DatasetInfo(
        num_examples=survey.num_images,
        classes=tuple(per_class),
        class_counts=per_class,
        split_counts={},
        fingerprint="",
        source="photos",
        slices=(),
    )
    with QuarantineWriter(folder / "quarantine") as writer:
        for refusal in refused:
            writer.add(refusal)
    source = Source(files=LocalFiles(folder), kind="folder", rows=list, remote=False)
    write_report(folder / "report.html", info, survey, writer, source)
    return (folder / "report.html").read_text(encoding="utf-8")


def refusal(row: int, location: str, reason: Reason, remedy: str = "") -> Refusal:
    return Refusal(location=location, row=row, label="cat", reason=reason, remedy=remedy)


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


@pytest.mark.parametrize(
    ("num_classes", "num_samples", "shown"),
    [(2, 5, 10), (3, 100, 240), (7, 40, 7 * 34), (200, 2, 200)],
)
def test_every_class_has_its_share_of_the_samples(
    tmp_path: Path, num_classes: int, num_samples: int, shown: int
) -> None:
    html = page(tmp_path, per_class={f"c{n:03d}": num_samples for n in range(num_classes)})

    assert html.count("<img") == shown
    assert all(f"c{n:03d}" in html for n in range(num_classes))
    assert "classes are left out" not in html


def test_samples_of_more_classes_than_fit_are_left_out_and_counted(tmp_path: Path) -> None:
    html = page(tmp_path, per_class={f"c{n:03d}": 2 for n in range(MOST_SAMPLES + 3)})

    assert html.count("<img") == MOST_SAMPLES
    assert "3 classes left out" in html


def test_refused_rows_are_counted_by_reason_and_the_first_hundred_are_listed(
    tmp_path: Path,
) -> None:
    long = "x" * (LONGEST_CELL + 50)
    refused = (
        refusal(2, long, DAMAGED, remedy="Mend it."),
        *(refusal(n, f"photos/{n}.jpg", EMPTY) for n in range(3, 3 + MOST_ROWS)),
    )

    html = page(tmp_path, per_class={"cat": 1}, refused=refused)

    assert f"100 of {len(refused)} refused rows" in html
    assert f"photos/{MOST_ROWS + 1}.jpg" in html and f"photos/{MOST_ROWS + 2}.jpg" not in html
    assert long[:LONGEST_CELL] in html and long[: LONGEST_CELL + 1] not in html
    assert "Mend it." in html and EMPTY.remedy in html
    assert "Every row could be used." not in html


def test_a_source_without_refusals_says_so_and_shows_its_figures(tmp_path: Path) -> None:
    text = words(page(tmp_path, per_class={"cat": 3, "dog": 2}))

    assert "Every row could be used." in text
    assert "megabytes 1.2" in text or "1.2 megabytes" in text
    assert text.index("up to 64 px") < text.index("up to 1,024 px")
    assert "no split" not in text


def test_images_of_classes_are_counted_per_split_where_there_are_splits(tmp_path: Path) -> None:
    assert "train" in words(page(tmp_path, per_class={"cat": 3}, splits="train"))
