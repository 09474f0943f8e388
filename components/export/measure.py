"""Run every exported model on test images: parity, time and size, and golden requests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.export import parity
from components.export.sampling import Sample, for_other_servers
from components.export.settings import ExportSettings
from sightline.ground.errors import DataError
from sightline.ground.storage.files import folder_size
from sightline.problems.serving import Answer, Serving
from sightline.stage import log
from sightline.stage.formats.bundle import GoldenRequest
from sightline.stage.formats.engine import (
    LABELS,
    LITERT,
    LITERT_INT8,
    SAVED_MODEL,
    TENSORFLOW,
)
from sightline.stage.formats.litert import FLOAT_FILE, INT8_FILE, LiteRTModel
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.servable import ImageError, Servable
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.parallel import map_ordered


@dataclass(frozen=True, slots=True)
class Decoded:
    """The sample as a client decodes it, once for every model."""

    sample: Sample
    pixels: list[Pixels]
    milliseconds: float
    """Median time of one image."""


def measure(
    bundle: Path,
    sample: Sample,
    trained: ModelInfo,
    serving: Serving[Answer],
    settings: ExportSettings,
) -> tuple[dict[str, list[Answer]], Sample, list[parity.Parity]]:
    """Compare every exported model with the evaluated one; take out an int8 that disagrees.

    Return the answers by engine, to the images that decode, and what came of each comparison.

    Raises:
        DataError: a model that should answer as the evaluated one does not.
    """
    servable = Servable(bundle / SAVED_MODEL, serving, trained.classes, trained.contract)
    decoded = decode_sample(sample, trained.contract)
    answered = parity.answer_sample(servable.answer_pixels, decoded.pixels, decoded.sample)
    sameness = serving.same(decoded.sample.expected, answered.results)
    served = parity.compare(
        LABELS[TENSORFLOW],
        sameness,
        latency_ms=decoded.milliseconds + answered.latency_ms,
        size_bytes=folder_size(bundle / SAVED_MODEL),
        engine=TENSORFLOW,
        file=SAVED_MODEL,
    )
    parity.require_parity("the SavedModel", sameness, decoded.sample, settings.parity_tolerance)
    results = [served, *measure_graph(bundle, servable, decoded.sample, serving, settings)]
    by_engine = {TENSORFLOW: answered.results}
    for engine, file in ((LITERT, FLOAT_FILE), (LITERT_INT8, INT8_FILE)):
        if (bundle / file).exists():
            result, answers = measure_litert(
                bundle / file, engine, decoded, trained, serving, settings
            )
            results.append(result)
            by_engine |= {engine: answers} if result.kept else {}
    images, left_out = len(decoded.pixels), len(decoded.sample.left_out)
    log.event("compared answers", images=images, left_out=left_out)
    return by_engine, decoded.sample, results


def decode_sample(sample: Sample, contract: PreprocessingContract) -> Decoded:
    """Decode the sample by the array form of the contract; leave out what does not decode."""

    def prepare(image: bytes) -> Pixels:
        try:
            return preprocess(image, contract)
        except DataError as error:
            raise ImageError(str(error)) from error

    images = [example.image for example in sample.examples]
    done = parity.answer_sample(lambda some: list(map_ordered(prepare, some)), images, sample)
    return Decoded(done.sample, done.results, done.latency_ms)


def measure_graph(
    bundle: Path,
    servable: Servable[Answer],
    sample: Sample,
    serving: Serving[Answer],
    settings: ExportSettings,
) -> list[parity.Parity]:
    """Compare the SavedModel where it decodes files by itself, as other servers let it do."""
    readable = for_other_servers(sample)
    if readable.left_out:
        log.event("other servers will refuse images", images=len(readable.left_out))
    if not readable.examples:
        return []
    images = [example.image for example in readable.examples]
    answered = parity.answer_sample(servable.answer_by_graph, images, readable)
    sameness = serving.same(answered.sample.expected, answered.results)
    parity.require_parity("the SavedModel", sameness, answered.sample, settings.parity_tolerance)
    return [
        parity.compare(
            "SavedModel, other servers",
            sameness,
            latency_ms=answered.latency_ms,
            size_bytes=folder_size(bundle / SAVED_MODEL),
        )
    ]


def measure_litert(
    path: Path,
    engine: str,
    decoded: Decoded,
    trained: ModelInfo,
    serving: Serving[Answer],
    settings: ExportSettings,
) -> tuple[parity.Parity, list[Answer]]:
    """Compare a LiteRT model, fed as a client feeds it; remove one in int8 that disagrees."""
    model = LiteRTModel(path, num_threads=2)

    def answer(squares: Sequence[Pixels]) -> list[Answer]:
        given = (serving.read(model.answer(pixels), trained.classes) for pixels in squares)
        return [one for answers in given for one in answers]

    answered = parity.answer_sample(answer, decoded.pixels, decoded.sample)
    sameness = serving.same(decoded.sample.expected, answered.results)
    result = parity.compare(
        LABELS[engine],
        sameness,
        latency_ms=decoded.milliseconds + answered.latency_ms,
        size_bytes=path.stat().st_size,
        engine=engine,
        file=path.name,
    )
    if engine == LITERT:
        parity.require_parity(
            "LiteRT in floats", sameness, decoded.sample, settings.parity_tolerance
        )
        return result, answered.results
    result = parity.judge_int8(result, settings.min_int8_agreement)
    if not result.kept:
        path.unlink()
        log.event("left out a model", model=result.name, reason=result.reason)
    return result, answered.results


def golden_requests(
    sample: Sample, by_engine: Mapping[str, Sequence[Answer]], serving: Serving[Answer], count: int
) -> list[GoldenRequest]:
    """Choose real requests, of as many classes as there are, with the answers of every engine."""
    others = dict(by_engine)
    answers = others.pop(TENSORFLOW)
    seen: Counter[str] = Counter()
    turns = []
    for row, answer in enumerate(answers):
        group = serving.group(answer)
        seen[group] += 1
        turns.append((seen[group], row))
    return [
        GoldenRequest(
            id=sample.examples[row].id,
            image=sample.examples[row].image,
            expected=serving.as_json(answers[row]),
            engines={name: serving.as_json(given[row]) for name, given in others.items()},
        )
        for _, row in sorted(turns)[:count]
    ]
