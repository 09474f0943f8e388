"""Records of digits in which each photograph is there more than once."""

import hashlib
from pathlib import Path
from typing import Any

from PIL import Image

from sightline.problems import problem_of
from sightline.stage.formats import records
from sightline.stage.formats.records import RecordsInfo, RecordWriter, Split
from tests.components.train.recording import contract
from tests.components.train.warm.champions import DIGITS, IMAGES, places_of
from tests.data import encoded

SCALE = {"name": "digit", "mean": 0.5, "deviation": 0.5, "median": 0.5, "edges": [0.0, 1.0]}
KINDS: dict[str, dict[str, Any]] = {
    "classification": {},
    "binary": {"positive_class": "1"},
    "multi_label": {},
    "regression": SCALE,
}


def write(
    folder: Path,
    *,
    train: int = 12,
    validation: int = 4,
    copies: int = 2,
    problem: str = "classification",
    grouped: bool = True,
) -> RecordsInfo:
    """So many of the digits 0 and 1 each, `copies` times; copies are of one group."""
    kind = problem_of(problem, KINDS[problem])
    classes = () if problem == "regression" else ("0", "1")
    ranges: dict[Split, tuple[int, int]] = {
        "train": (0, train),
        "validation": (train, train + validation),
        "test": (100, 102),
    }
    shards, counts = {}, {}
    for split, (start, stop) in ranges.items():
        with RecordWriter(folder, split, shard_bytes=2**20) as writer:
            labels = []
            for place in places_of((0, 1), start, stop):
                digit = int(DIGITS.target[place])
                target: Any = {
                    "multi_label": {"labels": [digit]},
                    "regression": {"value": [float(digit)]},
                }.get(problem, {"label": digit})
                for copy in range(copies):
                    name = f"{place} {copy}"
                    writer.add(
                        image=encoded(Image.fromarray(IMAGES[place]), "PNG"),
                        target=target,
                        id=hashlib.sha256(name.encode()).hexdigest(),
                        group=f"photo {place}" if grouped else "",
                    )
                    labels.append(str(digit))
        shards[split] = writer.shards
        counts[split] = {name: labels.count(name) for name in classes or ("0", "1")}
        if not classes:
            counts[split] = {"all": len(labels)}
    info = RecordsInfo(
        problem=problem,
        features=kind.targets.features,
        classes=classes,
        counts=counts,
        contract=contract(),
        shards=shards,
        dataset_fingerprint="test",
        about=KINDS[problem],
    )
    records.write_info(folder, info)
    return info
