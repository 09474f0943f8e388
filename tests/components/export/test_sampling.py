"""Which test images exported models are compared on: a random sample, and some of every kind."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from components.export.measuring.sampling import (
    Sample,
    choose_images,
    count_kinds,
    for_other_servers,
)
from sightline.stage.formats.dataset import DatasetWriter, Example
from sightline.stage.imaging.contract import Range
from tests.data import encoded, photograph


class Served:
    """Serves the number of an image."""

    def served(self, _: Any, rows: Sequence[int]) -> list[int]:
        return list(rows)


def chosen(
    folder: Path,
    files: Sequence[tuple[str, bytes]],
    count: int,
    value_range: Range | None = None,
) -> Sample:
    ids = [f"{number:02}" for number in range(len(files))]
    with DatasetWriter(folder / "dataset", value_range=value_range) as writer:
        for id, (image_format, data) in zip(ids, files, strict=True):
            writer.add(example(id, image_format, data))
        writer.finish(classes=["cat"], source="photos")
    predictions: Any = SimpleNamespace(ids=ids)
    judging: Any = Served()
    return choose_images(folder / "dataset", predictions, judging, count)


def example(id: str, image_format: str, data: bytes) -> Example:
    return Example(
        id=id,
        uri=f"photos/{id}",
        image=data,
        labels=("cat",),
        split="test",
        width=96,
        height=72,
        mode="RGB",
        format=image_format,
        group="",
    )


def photos(image_format: str, count: int, **options: Any) -> list[tuple[str, bytes]]:
    return [
        (image_format, encoded(photograph(seed), image_format, **options)) for seed in range(count)
    ]


def test_deep_files_are_left_to_our_own_servers_where_a_range_is_set(tmp_path: Path) -> None:
    grey = photograph(3).convert("L").convert("I;16")
    files = [*photos("JPEG", 3), ("PNG", encoded(grey, "PNG"))]

    sample = chosen(tmp_path, files, count=9, value_range=(0, 255))

    counted = {kind.kind: (kind.compared, kind.compared_elsewhere) for kind in count_kinds(sample)}
    assert counted == {"JPEG, colour, baseline": (3, 3), "PNG, grey, 16 bits": (1, 0)}


def test_some_of_every_kind_are_compared_however_rare_it_is(tmp_path: Path) -> None:
    files = [*photos("JPEG", 20), *photos("PNG", 6), *photos("JPEG", 1, progressive=True)]

    sample = chosen(tmp_path, files, count=5)

    counted = {kind.kind: (kind.test_images, kind.compared) for kind in count_kinds(sample)}
    assert counted == {
        "JPEG, colour, baseline": (20, 5),
        "PNG, RGB, 8 bits": (6, 4),
        "JPEG, colour, progressive": (1, 1),
    }


def test_what_other_servers_refuse_is_compared_by_us_and_counted(tmp_path: Path) -> None:
    few_colours = ("PNG", encoded(photograph().quantize(16), "PNG", bits=4))

    sample = chosen(tmp_path, [*photos("JPEG", 40), few_colours], count=40)

    kinds = {kind.kind: kind for kind in count_kinds(sample)}
    assert kinds["PNG, palette, 4 bits"].compared == 1
    assert kinds["PNG, palette, 4 bits"].compared_elsewhere == 0
    assert "fewer than 8 bits" in kinds["PNG, palette, 4 bits"].refused_elsewhere
    assert kinds["JPEG, colour, baseline"].compared_elsewhere == 32
    assert list(for_other_servers(sample).left_out) == ["40"]
