"""Small datasets for the tests of label_check, and a call of the stage on them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from sightline.ground.ports import Facts
from sightline.stage.formats.dataset import DatasetWriter, Example, read_examples, read_info
from tests.data import encoded, photograph
from tests.extractors import no_extractor


def example(
    label: str | Sequence[str], image: bytes, *, split: str | None = None, uri: str = ""
) -> Example:
    """A row as ingest writes it."""
    identity = hashlib.sha256(image).hexdigest()
    labels = (label,) if isinstance(label, str) else tuple(label)
    return Example(
        id=identity,
        uri=uri or f"{'+'.join(labels)}/{identity[:8]}.jpg",
        image=image,
        labels=labels,
        split=split,
        width=96,
        height=72,
        mode="RGB",
        format="JPEG",
        group=identity,
        slices={"camera": "first"},
    )


def photographs(
    label: str, count: int, *, first: int = 0, split: str | None = None
) -> list[Example]:
    """Examples of one class with a different photograph each."""
    # Even seeds crop the photograph of the temple; crops of the flower may be truly dark. Some
    # crops lie in one another: 0 to 22 and 246 to 268 do not.
    seeds = range(2 * first, 2 * (first + count), 2)
    return [example(label, jpeg(seed), split=split) for seed in seeds]


@cache
def jpeg(seed: int) -> bytes:
    """A photograph as a file."""
    return encoded(photograph(seed), quality=92)


def two_classes() -> list[Example]:
    """Twelve cats and twelve dogs without anything to find."""
    return photographs("cat", 12) + photographs("dog", 12, first=123)


def write_dataset(folder: Path, examples: Sequence[Example]) -> Path:
    """Write a dataset as ingest does."""
    classes = sorted({label for item in examples for label in item.labels})
    with DatasetWriter(folder, slices=("camera",)) as writer:
        for item in examples:
            writer.add(item)
        writer.finish(classes=classes, source="memory")
    return folder


@dataclass(frozen=True)
class Checked:
    """What the stage wrote."""

    facts: Facts
    document: dict[str, Any]
    cleaned: list[Example]
    classes: tuple[str, ...]
    page: str

    def finding(self, check: str) -> dict[str, Any]:
        """The finding of a check."""
        return next(item for item in self.document["findings"] if item["check"] == check)

    @property
    def found(self) -> set[str]:
        """Names of the checks that found something."""
        return {item["check"] for item in self.document["findings"]}

    def status(self, check: str) -> dict[str, str]:
        """What became of a check."""
        return next(item for item in self.document["checks"] if item["check"] == check)


def check(folder: Path, examples: Sequence[Example], **settings: Any) -> Checked:
    """Write a dataset and run the stage on it."""
    facts = label_check(
        dataset=write_dataset(folder / "dataset", examples),
        extractor=no_extractor(folder / "extractor"),
        cleaned=folder / "cleaned",
        features=folder / "features",
        findings=folder / "findings",
        report=folder / "report.html",
        settings=LabelCheckSettings(**{"wanted_images_per_class": 1} | settings),
    )
    return Checked(
        facts=facts,
        document=json.loads((folder / "findings/findings.json").read_text()),
        cleaned=list(read_examples(folder / "cleaned")),
        classes=read_info(folder / "cleaned").classes,
        page=(folder / "report.html").read_text(),
    )
