"""Many generated images through the whole of label check: different ones, and look-alikes."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scale import run_stage
from stages import STEPS

from sightline.stage.formats.dataset import DatasetWriter, Example

SIDE_PX = 64
NUM_CLASSES = 10
MOST_SECONDS = 180
"""By the clock, for 100,000 images on two cores."""
MOST_MB = 1500
Random = np.random.Generator
Floats = np.ndarray[Any, np.dtype[np.float64]]


def noise(random: Random, side_px: int, strength: float) -> Floats:
    """Return [64, 64]: blotches of 64 / side_px pixels."""
    grey = random.normal(128, 40, (side_px, side_px)).clip(0, 255).astype(np.uint8)
    large = Image.fromarray(grey).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    return (np.asarray(large, np.float64) - 128) * strength


LAYOUT = noise(np.random.default_rng(1), 6, 1.0) + noise(np.random.default_rng(2), 24, 0.6)
KINDS: dict[str, Callable[[Random], Floats]] = {
    "different": lambda random: noise(random, 6, 1.0) + noise(random, 24, 0.6),
    "alike in the large": lambda random: LAYOUT + noise(random, 24, 0.6),
    "alike throughout": lambda random: LAYOUT + noise(random, 24, 0.03),
}


def at_size(count: int) -> dict[str, dict[str, Any]]:
    """Return what label check takes and leaves out for each kind of set."""
    found = {}
    for name, draw in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            write_dataset(Path(folder) / "made" / "dataset", count, draw)
            # Without weights there are no features, which have a benchmark of their own.
            run_stage(Path(folder), STEPS["backbone"], {"weights": "none", "recipe": "scratch"})
            cost = run_stage(Path(folder), STEPS["label_check"], {"fail_on": "never"})
            document = next(Path(folder).glob("*/findings/findings.json"))
            found[name] = {**asdict(cost), **told(json.loads(document.read_text("utf-8")))}
        print(f"{count:,} {name}: {found[name]}", flush=True)
    return found


def holds(found: dict[str, dict[str, Any]], count: int) -> bool:
    """Tell whether time and memory stay within the bounds, time in proportion below 100,000."""
    seconds = MOST_SECONDS * max(count / 100_000, 0.1)
    return all(
        one["wall_seconds"] <= seconds and one["peak_mb"] <= MOST_MB for one in found.values()
    )


def write_dataset(folder: Path, count: int, draw: Callable[[Random], Floats]) -> None:
    """Write generated photos as ingest writes them."""
    random = np.random.default_rng(3)
    with DatasetWriter(folder) as writer:
        for number in range(count):
            writer.add(photo(number, draw(random), random))
        writer.finish(classes=[f"class_{name}" for name in range(NUM_CLASSES)], source="generated")


def photo(number: int, blotches: Floats, random: Random) -> Example:
    """Return a photo with a tint of its own."""
    pixels = blotches[..., None] + 128 + random.normal(0, 6, 3)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()
    identity = hashlib.sha256(data).hexdigest()
    return Example(
        id=identity,
        uri=f"class_{number % NUM_CLASSES}/{number:06d}.jpg",
        image=data,
        labels=(f"class_{number % NUM_CLASSES}",),
        split=None,
        width=SIDE_PX,
        height=SIDE_PX,
        mode="RGB",
        format="JPEG",
        group=identity,
    )


def told(document: dict[str, Any]) -> dict[str, Any]:
    """Return how many pairs were proven, and what the page says was left out."""
    near = [one["count"] // 2 for one in document["findings"] if one["check"] == "near_duplicates"]
    left = [
        one.get("reason", "")
        for one in document["checks"]
        if one["check"] == "near_duplicates_of_some_images"
    ]
    return {"pairs": sum(near), "left_out": " ".join(left)}
