"""Small datasets and records for tests of preprocess and train."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.preprocess.settings import PreprocessSettings
from components.preprocess.stage import preprocess
from sightline.ground.ports import Facts
from sightline.stage.formats.dataset import DatasetWriter, Example
from tests.data import digit_folder, encoded, photograph


def example(
    image: bytes, *, labels: Sequence[str], group: str = "", split: str | None = None, uri: str = ""
) -> Example:
    identity = hashlib.sha256(image).hexdigest()
    return Example(
        id=identity,
        uri=uri or f"{identity[:8]}.jpg",
        image=image,
        labels=tuple(labels),
        split=split,
        width=96,
        height=72,
        mode="RGB",
        format="JPEG",
        group=group or identity,
    )


def write_dataset(folder: Path, examples: Sequence[Example]) -> Path:
    classes = sorted({label for one in examples for label in one.labels})
    with DatasetWriter(folder) as writer:
        for one in examples:
            writer.add(one)
        writer.finish(classes=classes, source="test")
    return folder


def photos(counts: Mapping[str, int]) -> list[Example]:
    seeds = iter(range(10_000))
    return [
        example(encoded(photograph(next(seeds)), quality=92), labels=[name])
        for name, count in counts.items()
        for _ in range(count)
    ]


def digits(folder: Path, *, per_class: int, classes: int = 10) -> list[Example]:
    source = digit_folder(folder, per_class=per_class)
    return [
        example(path.read_bytes(), labels=[path.parent.name])
        for path in sorted(source.rglob("*.png"))
        if int(path.parent.name) < classes
    ]


def run_preprocess(dataset: Path, folder: Path, **settings: object) -> tuple[Path, Path, Facts]:
    # Stages make the folders above what they write.
    records, report = folder / "outputs" / "records", folder / "outputs" / "report.html"
    facts = preprocess(
        dataset=dataset,
        records=records,
        report=report,
        settings=PreprocessSettings.model_validate(settings),
    )
    return records, report, facts


def raw_records(path: Path) -> list[bytes]:
    """The records of a TFRecord file as they lie there, read without TensorFlow."""
    content, records, at = path.read_bytes(), [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        records.append(content[at + 12 : at + 12 + length])
        at += length + 16
    return records
