"""Compare what the exported models answer with what was evaluated, on original image files."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from components.export.sampling import Sample, count_kinds
from sightline.ground.errors import DataError, shorten
from sightline.problems.serving import Answer, Sameness
from sightline.stage.formats.schema import write_document
from sightline.stage.formats.servable import ImageError

SCHEMA = "sightline.parity"
VERSION = 1
BATCH = 16
TIMED_CALLS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How close one exported model comes to the evaluated one, how fast and how large it is."""

    name: str
    num_images: int
    top1_agreement: float
    """Share of images that a client would say the same of, such as the most probable class."""
    max_difference: float
    """Largest difference of any number in an answer, such as a probability."""
    mean_difference: float
    latency_ms: float
    """Median time of one call with one image, preprocessing included, on this machine."""
    size_bytes: int
    kept: bool = True
    reason: str = ""
    """Why the model is not in the bundle."""
    engine: str = ""
    """What a server calls it; empty where it is no other model, only another way to ask."""
    file: str = ""
    """File or folder inside the bundle."""


def answer_sample(
    answer: Callable[[Sequence[bytes]], list[Answer]], sample: Sample
) -> tuple[list[Answer], Sample]:
    """Answer the sample from its files; leave out images that do not decode."""
    kept: list[int] = []
    answers: list[Answer] = []
    left_out = dict(sample.left_out)
    for start in range(0, len(sample.examples), BATCH):
        rows = range(start, min(start + BATCH, len(sample.examples)))
        try:
            answers += answer([sample.examples[row].image for row in rows])
            kept.extend(rows)
        except ImageError:
            for row in rows:
                example = sample.examples[row]
                try:
                    answers += answer([example.image])
                    kept.append(row)
                except ImageError as error:
                    left_out[example.id] = f"{example.uri}: {error}"
    if not kept:
        raise DataError(
            f"Expected the SavedModel to decode test images, received none that it does: "
            f"{shorten(list(left_out.values()))}. Convert the images to baseline JPEG or PNG."
        )
    return answers, replace(sample.rows(kept), left_out=left_out)


def compare(
    name: str,
    sameness: Sameness,
    *,
    latency_ms: float,
    size_bytes: int,
    engine: str = "",
    file: str = "",
) -> Parity:
    """Sum up how close the answers of one exported model come to the evaluated ones."""
    return Parity(
        name=name,
        num_images=len(sameness.agrees),
        top1_agreement=round(float(np.mean(sameness.agrees)), 4),
        max_difference=float(sameness.largest.max()),
        mean_difference=sameness.mean,
        latency_ms=round(latency_ms, 2),
        size_bytes=size_bytes,
        engine=engine,
        file=file,
    )


def require_parity(sameness: Sameness, sample: Sample, tolerance: float) -> None:
    """Refuse a SavedModel that answers differently from the model that was evaluated.

    Raises:
        DataError: an answer differs by more than `tolerance`; names the worst images.
    """
    worst = sameness.largest
    if worst.max() <= tolerance:
        return
    named = [
        f"{sample.examples[row].uri} (differs by {worst[row]:.3f})"
        for row in np.argsort(-worst)
        if worst[row] > tolerance
    ]
    raise DataError(
        f"Expected the SavedModel to repeat the evaluated answers within {tolerance:g} on "
        f"{len(worst)} test images; {len(named)} differ by more: {shorten(named)}. "
        "Look at these files; if the difference is harmless, raise export.parity_tolerance."
    )


def judge_int8(parity: Parity, min_agreement: float) -> Parity:
    """Keep the int8 model only if it answers alike often enough."""
    if parity.top1_agreement >= min_agreement:
        return parity
    reason = (
        f"gives the same answer on {parity.top1_agreement:.1%} of {parity.num_images} test images, "
        f"{min_agreement:.1%} is required; more calibration_images may help"
    )
    return replace(parity, kept=False, reason=reason)


def median_milliseconds(call: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """Return the median time of `call` with one input each, after one call that warms it up."""
    call(inputs[0])
    times = []
    for item in inputs[:TIMED_CALLS]:
        start = time.perf_counter()
        call(item)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1000)


def write_parity(bundle: Path, results: Sequence[Parity], sample: Sample, tolerance: float) -> None:
    """Write `parity.json`."""
    content = {
        "tolerance": tolerance,
        "num_images": len(sample.examples),
        "left_out": sample.left_out,
        "kinds": [asdict(kind) for kind in count_kinds(sample)],
        "models": [asdict(result) for result in results],
    }
    write_document(bundle / "parity.json", SCHEMA, VERSION, content)
