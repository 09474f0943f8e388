"""Compare what the exported models answer with what was evaluated, on original image files."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from components.export.measuring.accuracy import Accuracy
from components.export.measuring.sampling import Sample, count_kinds
from components.export.settings import ExportSettings
from sightline.ground.errors import DataError, shorten
from sightline.ground.storage.files import folder_size
from sightline.problems.serving import Sameness
from sightline.stage import log
from sightline.stage.answering.engine import BY_ENGINE, Format
from sightline.stage.answering.servable import ImageError
from sightline.stage.formats.schema import write_document

Item = TypeVar("Item")
Result = TypeVar("Result")

FILE = "parity.json"
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
    """Median time of one call with one image, preprocessing included, on this machine, which has
    other things to do, too. One thread; the SavedModel takes all. 0 where nobody timed it."""
    size_bytes: int
    kept: bool = True
    reason: str = ""
    """Why the model is not in the bundle."""
    accuracy: Accuracy | None = None
    """How its answers would be judged; None where it is no other model, only another way to ask."""
    engine: str = ""
    """What a server calls it; empty where it is no other model, only another way to ask."""
    file: str = ""
    """File or folder inside the bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[Result]):
    """What was made of a sample's images."""

    results: list[Result]
    sample: Sample
    """The images that could be answered."""
    latency_ms: float
    """Median time of one call with one image."""


def answer_sample(
    answer: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], sample: Sample
) -> Answered[Result]:
    """Answer the sample's images, given as one item each; leave out those that do not decode.

    The first ones are asked one by one, for the time that this takes, the others in batches.
    """
    rows: list[int] = []
    results: list[Result] = []
    seconds: list[float] = []
    left_out = dict(sample.left_out)
    with suppress(ImageError):
        answer(items[:1])  # warms up
    waiting = deque(_batches(len(items)))
    while waiting:
        batch = waiting.popleft()
        start = time.perf_counter()
        try:
            results += answer([items[row] for row in batch])
        except ImageError as error:
            if len(batch) == 1:
                example = sample.examples[batch[0]]
                left_out[example.id] = f"{example.uri}: {error}"
            else:
                waiting.extendleft(range(row, row + 1) for row in reversed(batch))
            continue
        rows.extend(batch)
        if len(batch) == 1:
            seconds.append(time.perf_counter() - start)
    if not rows:
        raise DataError(
            f"Expected the SavedModel to decode test images, received none that it does: "
            f"{shorten(list(left_out.values()))}. Convert the images to baseline JPEG or PNG."
        )
    return Answered(
        results=results,
        sample=replace(sample.rows(rows), left_out=left_out),
        latency_ms=float(np.median(seconds) * 1000),
    )


def _batches(count: int) -> list[range]:
    singles = [range(row, row + 1) for row in range(min(count, TIMED_CALLS))]
    starts = range(TIMED_CALLS, count, BATCH)
    return singles + [range(start, min(start + BATCH, count)) for start in starts]


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


def compare_form(
    form: Format,
    bundle: Path,
    sameness: Sameness,
    uris: Sequence[str],
    settings: ExportSettings,
    *,
    latency_ms: float = 0.0,
) -> Parity:
    """Sum up how close a form of a bundle comes.

    Raises:
        DataError: it does not round, and answers differently all the same.
    """
    if not form.rounds:
        require_parity(form.label, sameness, uris, settings.parity_tolerance)
    path = bundle / form.file
    return compare(
        form.label,
        sameness,
        latency_ms=latency_ms,
        size_bytes=folder_size(path) if path.is_dir() else path.stat().st_size,
        engine=form.engine,
        file=form.file,
    )


def require_parity(name: str, sameness: Sameness, uris: Sequence[str], tolerance: float) -> None:
    """Refuse an exported model that answers differently from the model that was evaluated.

    Raises:
        DataError: an answer differs by more than `tolerance`; names the worst images.
    """
    worst = sameness.largest
    if worst.max() <= tolerance:
        return
    named = [
        f"{uris[row]} (differs by {worst[row]:.3f})"
        for row in np.argsort(-worst)
        if worst[row] > tolerance
    ]
    raise DataError(
        f"Expected the form {name} to repeat the evaluated answers within {tolerance:g} on "
        f"{len(worst)} test images; {len(named)} differ by more: {shorten(named)}. "
        "Look at these files; if the difference is harmless, raise export.parity_tolerance."
    )


def judge_rounded(parity: Parity, settings: ExportSettings) -> Parity:
    """Keep a form that rounds only if it answers alike often enough and loses little enough."""
    reasons = []
    if parity.top1_agreement < settings.min_agreement:
        reasons.append(
            f"gives the same answer on {parity.top1_agreement:.1%} of {parity.num_images} test "
            f"images, {settings.min_agreement:.1%} is required"
        )
    found = parity.accuracy and parity.accuracy.overall
    if found and found.loss is not None and found.loss > settings.max_accuracy_loss:
        reasons.append(
            f"{found.label} went from {found.evaluated:.4f} to {found.figure:.4f} on "
            f"{found.num_images} test images, a loss of {found.loss:.4f}, "
            f"{settings.max_accuracy_loss:g} is allowed"
        )
    if not reasons:
        return parity
    reason = f"{'; '.join(reasons)}; more calibration_images may help"
    return replace(parity, kept=False, reason=reason)


def keep_or_remove(result: Parity, bundle: Path, settings: ExportSettings) -> Parity:
    """Take a form that rounds and loses too much out of the bundle; say why."""
    form = BY_ENGINE[result.engine]
    if form.rounds:
        result = judge_rounded(result, settings)
    if not result.kept:
        (bundle / form.file).unlink()
        log.event("left out a model", model=result.name, reason=result.reason)
    return result


def write_parity(bundle: Path, results: Sequence[Parity], sample: Sample, tolerance: float) -> None:
    """Write `parity.json`."""
    content = {
        "tolerance": tolerance,
        "num_images": len(sample.examples),
        "left_out": sample.left_out,
        "kinds": [asdict(kind) for kind in count_kinds(sample)],
        "models": [asdict(result) for result in results],
    }
    write_document(bundle / FILE, SCHEMA, VERSION, content)
