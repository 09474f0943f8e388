"""What label check finds of planted near-duplicates, what it costs to look, and CleanVision.

`python benchmarks/label_check.py [--images 10000] [--features] [--without-peer]`: ten transforms of
the shared flowers, each planted beside the originals, and crops from random places as rows of their
own; the scan in turns with CleanVision's, and how far they agree; generated images through the
whole stage, different ones and look-alikes. One JSON line comes last. The flowers' own
near-duplicates, listed in it, are not counted as false.
"""

import argparse
import io
import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import label_check_size
import numpy as np
from label_check_peer import side_by_side
from measuring import DATA, conditions
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from wrong_labels import computed, features_of

from components.label_check.measurement import measure, views_of
from components.label_check.near_duplicates.candidates import (
    RADIUS,
    Candidates,
    find_candidates,
    in_nearest_pose,
    joined,
)
from components.label_check.near_duplicates.hashes import hashes_of, posed
from components.label_check.near_duplicates.neighbours import nearest_pairs
from components.label_check.near_duplicates.poses import NUM_ORIENTATIONS
from components.label_check.near_duplicates.thumbnails import Greys, thumbnail_of
from components.label_check.near_duplicates.verification import likeness
from components.label_check.outliers.distance import whitening
from sightline.stage.formats.dataset import Example
from sightline.stage.parallel import map_ordered

FLOWERS = DATA / "flowers"
NUM_PLANTED = 250
BACKBONE = "mobilenet_v2"
ROUNDS = 3
WANTED_SPEED = 6.0
"""Images a second, in CleanVision's."""
OWN = {
    frozenset(pair)
    for pair in (
        ("12916135413_dafcf3089e_n", "12916441224_2ed63596f8_n"),
        ("5635347336_bc1400e939_n", "5700394524_dc6f8fa9cd_n"),
        ("284497199_93a01f48f6", "284497233_c19801752c"),
    )
}


def quality_30(image: Image.Image) -> Image.Image:
    """Return an image as a JPEG of low quality shows it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=30)
    return Image.open(buffer)


def middle(image: Image.Image, share: float) -> Image.Image:
    """Return the middle of an image."""
    width, height = (int(side * share) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


TRANSFORMS: dict[str, tuple[Callable[[Image.Image], Image.Image], float]] = {
    "JPEG q30": (quality_30, 0.98),
    "half size": (lambda image: image.resize((image.width // 2, image.height // 2)), 0.98),
    "brightness": (lambda image: ImageEnhance.Brightness(image).enhance(1.3), 0.98),
    "grey": (lambda image: image.convert("L"), 0.98),
    "blur": (lambda image: image.filter(ImageFilter.GaussianBlur(2)), 0.98),
    "flip": (ImageOps.mirror, 0.98),
    "crop 95 %": (lambda image: middle(image, 0.95), 0.98),
    "crop 85 %": (lambda image: middle(image, 0.85), 0.95),
    "rotate 5": (lambda image: image.rotate(5), 0.95),
    "rotate 90": (lambda image: image.transpose(Image.Transpose.ROTATE_90), 0.98),
}


def anywhere(image: Image.Image, share: float) -> Image.Image:
    """Return a part of an image from a place of chance, the same for the same image."""
    width, height = (int(side * share) for side in image.size)
    chance = random.Random(zlib.crc32(image.tobytes()))
    left, top = chance.randint(0, image.width - width), chance.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


BESIDE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "random crop 92 %": lambda image: anywhere(image, 0.92),
    "random crop 85 %": lambda image: anywhere(image, 0.85),
    "random crop 80 %": lambda image: anywhere(image, 0.8),
}
"""Reported, without a target."""


def main() -> None:
    """Measure, print a line per transform and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000, help="generated, of each kind")
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--features", action="store_true", help="candidates from MobileNetV2, too")
    arguments = parser.parse_args()
    files = sorted(FLOWERS.glob("*/*.jpg"))
    found = planted_copies(files, arguments.features)
    examples = [example_of(file) for file in files]
    peer = None if arguments.without_peer else side_by_side(files, examples, scan_of(files), ROUNDS)
    print(peer, flush=True)
    size = label_check_size.at_size(arguments.images)
    print(json.dumps(summary(arguments, len(files), found, peer, size)))


def planted_copies(files: list[Path], with_features: bool) -> dict[str, dict[str, float]]:
    """Return what is found of each transform of some photos beside all of them."""
    chosen = random.Random(0).sample(range(len(files)), NUM_PLANTED)
    originals = np.stack([grey(Image.open(file)) for file in files])
    names = [file.stem for file in files] + [files[at].stem for at in chosen]
    transforms = {name: transform for name, (transform, _) in TRANSFORMS.items()} | BESIDE

    def copies_by(transform: Callable[[Image.Image], Image.Image]) -> Iterator[Image.Image]:
        return (transform(Image.open(files[at]).convert("RGB")) for at in chosen)

    seen = [None] * len(transforms)
    if with_features:
        whole, _ = features_of(BACKBONE)
        every = (one for transform in transforms.values() for one in copies_by(transform))
        of_copies = computed(BACKBONE, (np.asarray(one.convert("RGB")) for one in every))
        seen = [np.concatenate([whole, part]) for part in np.split(of_copies, len(transforms))]
    found = {}
    for (name, transform), features in zip(transforms.items(), seen, strict=True):
        greys = np.stack([grey(one) for one in copies_by(transform)])
        together = np.concatenate([originals, greys])
        found[name] = recall(together, names, len(files), features)
        print(f"{name}: {found[name]}", flush=True)
    return found


def summary(
    arguments: argparse.Namespace,
    num_files: int,
    found: dict[str, dict[str, float]],
    peer: dict[str, Any] | None,
    size: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Say what holds: recall and false pairs, speed beside CleanVision's, time and memory."""
    recalls = {name: figures["recall"] for name, figures in found.items()}
    pairs, num_false = (sum(one[key] for one in found.values()) for key in ("pairs", "false"))
    held = {
        "recall": all(recalls[name] >= wanted for name, (_, wanted) in TRANSFORMS.items()),
        "false": num_false <= 0.01 * pairs,
        "size": label_check_size.holds(size, arguments.images),
    }
    if peer:
        held["speed"] = peer["ratio"]["images_per_second"] >= WANTED_SPEED
    return {
        "name": "label_check",
        "ours": peer and peer["ours"]["images_per_second"],
        "peer": peer and peer["peer"]["images_per_second"],
        "ratio": peer and peer["ratio"]["images_per_second"],
        "target": WANTED_SPEED,
        "holds": all(held.values()),
        "held": held,
        "recall": recalls,
        "wanted_recall": {name: wanted for name, (_, wanted) in TRANSFORMS.items()},
        "transforms": found,
        "false_share": round(num_false / max(pairs, 1), 5),
        "not_counted": sorted(sorted(pair) for pair in OWN),
        "beside": peer,
        "generated": size,
        "conditions": conditions(
            data=f"shared flowers; {label_check_size.SIDE_PX} px generated images",
            n=[num_files, arguments.images],
            planted=NUM_PLANTED,
            features=BACKBONE if arguments.features else None,
            rounds=ROUNDS,
            seeds=[0],
        ),
    }


def grey(image: Image.Image) -> Greys:
    """Return the thumbnail of an image, uint8 [64, 64]."""
    _, small = views_of(np.asarray(image.convert("RGB")))
    return np.frombuffer(thumbnail_of(small), np.uint8).reshape(64, 64)


def recall(
    thumbnails: Greys, names: list[str], num_originals: int, features: Any | None
) -> dict[str, float]:
    """Return which share of the planted copies is found, by hashes alone and in the end."""
    hashes = hashes_of(thumbnails)
    candidates = find_candidates(hashes)
    if features is not None:
        rows = range(len(features))

        def of_rows(some: Sequence[int]) -> Any:
            return features[list(some)]

        pairs = nearest_pairs(of_rows, whitening(of_rows, rows), rows)
        candidates = joined(candidates, in_nearest_pose(hashes, np.array(pairs).reshape(-1, 2)))
    agreed = likeness(candidates, lambda places: thumbnails[places], workers=2) > 0
    planted = {
        (names.index(names[at]), at): at - num_originals for at in range(num_originals, len(names))
    }
    meant, proven = (pairs_of(some) & planted.keys() for some in (candidates, candidates[agreed]))
    false = [
        pair
        for pair in pairs_of(candidates[agreed])
        if names[pair[0]] != names[pair[1]]
        and frozenset((names[pair[0]], names[pair[1]])) not in OWN
    ]
    turned = np.stack([posed(hashes, number)[:, 0] for number in range(NUM_ORIENTATIONS)], axis=1)
    whole = [
        min(np.bitwise_count(turned[first] ^ turned[second][0])) <= RADIUS
        for first, second in planted
    ]
    return {
        "whole hash in 12 bits": float(np.mean(whole)),
        "candidates": len(meant) / len(planted),
        "recall": len(proven) / len(planted),
        "pairs": int(agreed.sum()),
        "false": len(false),
    }


def pairs_of(candidates: Candidates) -> set[tuple[int, int]]:
    """Return the pairs, the lower place first."""
    both = zip(candidates.first.tolist(), candidates.second.tolist(), strict=True)
    return {(min(pair), max(pair)) for pair in both}


def scan_of(files: list[Path]) -> Callable[[], object]:
    """Return the whole scan: files are read, measured and hashed, pairs found and proven."""

    def scan() -> object:
        numbered = enumerate(map(example_of, files))
        measured = map_ordered(lambda one: measure(one, thumbnails=True), numbered)
        pictures = b"".join(image.thumbnail for image in measured)
        greys = np.frombuffer(pictures, np.uint8).reshape(-1, 64, 64)
        candidates = find_candidates(hashes_of(greys), workers=2)
        return likeness(candidates, lambda places: greys[places], workers=2)

    return scan


def example_of(file: Path) -> Example:
    """Return a photo as ingest hands it on."""
    with Image.open(file) as image:
        width, height = image.size
    known: dict[str, Any] = {"id": file.stem, "uri": str(file), "group": file.stem}
    return Example(
        **known,
        image=file.read_bytes(),
        labels=(file.parent.name,),
        split=None,
        width=width,
        height=height,
        mode="RGB",
        format="JPEG",
    )


if __name__ == "__main__":
    main()
