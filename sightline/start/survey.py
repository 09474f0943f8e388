"""A quick look at labelled images: how many, which classes, how large."""

import csv
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from sightline.ground.errors import UserError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".jfif"}
)
SPLIT_NAMES = frozenset({"train", "val", "valid", "validation", "test"})
NUM_SAMPLES = 40
LABEL_COLUMNS = ("label", "class", "category")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a source seems to hold; ingest looks at every image, this does not."""

    kind: str
    num_images: int | None = None
    classes: dict[str, int] = field(default_factory=dict)
    splits: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    """Width and height in pixels of a sample of the images."""
    all_grey: bool = False

    @property
    def middle_size_px(self) -> int | None:
        """Longer side of the middle image of the sample."""
        sides = sorted(max(size) for size in self.sizes)
        return sides[len(sides) // 2] if sides else None


def survey(source: str) -> Survey:
    """Look at a folder, CSV, JSONL, zip or tar; remote sources are left for ingest.

    Raises:
        UserError: there is nothing, or no image in it.
    """
    if "://" in source:
        return Survey(kind="remote")
    path = Path(source).expanduser()
    if not path.exists():
        raise UserError(
            f"{path}: expected a folder, CSV, JSONL, zip or tar with labelled images; "
            "found nothing there. Check the path."
        )
    found = _look(path)
    if not found.num_images:
        raise UserError(
            f"{path}: expected images in class folders, or a table that names them; found none. "
            "Put the images of each class into a folder of its own, such as photos/cats/1.jpg."
        )
    return found


def _look(path: Path) -> Survey:
    if path.is_dir():
        return _look_at_folder(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
            return _by_names("zip", names, (archive.open(str(n)) for n in _sample(names)))
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            names = [PurePosixPath(member.name) for member in archive if member.isfile()]
            return _by_names("tar", names, _tar_files(archive, _sample(names)))
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        return _look_at_lines(path)
    return _look_at_table(path)


def _look_at_folder(path: Path) -> Survey:
    tables = [found for found in sorted(path.iterdir()) if found.suffix in {".csv", ".jsonl"}]
    names = [PurePosixPath(p.relative_to(path)) for p in path.rglob("*") if p.is_file()]
    found = _by_names("folder", names, ((path / n).open("rb") for n in _sample(names)))
    if not found.classes and len(tables) == 1:
        return _look(tables[0])
    return found


def _by_names(kind: str, names: list[PurePosixPath], samples: Iterable[IO[bytes]]) -> Survey:
    images = [name for name in names if _is_image(name)]
    labelled = [name for name in images if len(name.parts) > 1]
    splits = {part for name in labelled for part in name.parts[:-2] if part in SPLIT_NAMES}
    sizes, modes = _measure(samples)
    return Survey(
        kind=kind,
        num_images=len(labelled),
        classes=dict(sorted(Counter(name.parts[-2] for name in labelled).items())),
        splits=tuple(sorted(splits)),
        sizes=sizes,
        all_grey=_grey(modes),
    )


def _look_at_table(path: Path) -> Survey:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = list(csv.reader(file))
    if not rows:
        return Survey(kind="csv")
    header = [name.strip().lower() for name in rows[0]]
    has_header = not _is_image(PurePosixPath(rows[0][0]))
    column = next((header.index(name) for name in LABEL_COLUMNS if name in header), 1)
    body = rows[1:] if has_header else rows
    labels = Counter(row[column] for row in body if len(row) > column)
    return Survey(kind="csv", num_images=len(body), classes=dict(sorted(labels.items())))


def _look_at_lines(path: Path) -> Survey:
    labels: Counter[str] = Counter()
    num_images = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in filter(str.strip, file):
            num_images += 1
            try:
                annotation = json.loads(line).get("classificationAnnotation", {})
            except (json.JSONDecodeError, AttributeError):
                continue
            if "displayName" in annotation:
                labels[str(annotation["displayName"])] += 1
    return Survey(kind="jsonl", num_images=num_images, classes=dict(sorted(labels.items())))


def _is_image(name: PurePosixPath) -> bool:
    return name.suffix.lower() in IMAGE_SUFFIXES and not name.name.startswith(".")


def _sample(names: list[PurePosixPath]) -> list[PurePosixPath]:
    images = sorted(name for name in names if _is_image(name))
    return images[:: max(1, len(images) // NUM_SAMPLES)][:NUM_SAMPLES]


def _tar_files(archive: tarfile.TarFile, names: list[PurePosixPath]) -> Iterator[IO[bytes]]:
    for name in names:
        yield archive.extractfile(str(name)) or BytesIO()


def _measure(samples: Iterable[IO[bytes]]) -> tuple[tuple[tuple[int, int], ...], list[str]]:
    from PIL import Image, UnidentifiedImageError

    sizes, modes = [], []
    for sample in samples:
        with sample:
            try:
                with Image.open(sample) as image:
                    sizes.append(image.size)
                    modes.append(image.mode)
            except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
                continue
    return tuple(sizes), modes


def _grey(modes: list[str]) -> bool:
    return bool(modes) and set(modes) <= {"1", "L", "I;16"}
