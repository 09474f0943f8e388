"""Run every exported model on test images: parity, time and size, and golden requests."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from components.export import parity
from components.export.sampling import Sample, for_other_servers
from components.export.settings import ExportSettings
from sightline.problems.serving import Answer, Arrays, Serving
from sightline.stage import log
from sightline.stage.formats.bundle import GoldenRequest, folder_size
from sightline.stage.formats.engine import LITERT, LITERT_INT8, SAVED_MODEL, TENSORFLOW
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.servable import Servable
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.parallel import map_ordered


def measure(
    bundle: Path,
    sample: Sample,
    trained: ModelInfo,
    serving: Serving[Answer],
    settings: ExportSettings,
) -> tuple[dict[str, list[Answer]], Sample, list[parity.Parity]]:
    """Compare every exported model with the evaluated one; take out an int8 that disagrees.

    Return the answers by engine, to the images that decode, and what came of each comparison.
    """
    servable = Servable(bundle / SAVED_MODEL, serving, trained.classes, trained.contract)
    answers, sample = parity.answer_sample(servable.answer, sample)
    images = [example.image for example in sample.examples]
    sameness = serving.same(sample.expected, answers)
    served = parity.compare(
        "SavedModel",
        sameness,
        latency_ms=parity.median_milliseconds(lambda image: servable.answer([image]), images),
        size_bytes=folder_size(bundle / SAVED_MODEL),
        engine=TENSORFLOW,
        file=SAVED_MODEL,
    )
    parity.require_parity(sameness, sample, settings.parity_tolerance)
    results = [served, *measure_graph(bundle, servable, sample, serving, settings)]
    by_engine = {TENSORFLOW: answers}
    if settings.litert:
        more = measure_litert(bundle, sample, trained, serving, settings.min_int8_agreement)
        results += more[1]
        by_engine |= more[0]
    log.event("compared answers", images=len(images), left_out=len(sample.left_out))
    return by_engine, sample, results


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
        log.warning("other servers will refuse images", images=len(readable.left_out))
    if not readable.examples:
        return []
    answers, readable = parity.answer_sample(servable.answer_by_graph, readable)
    images = [example.image for example in readable.examples]
    sameness = serving.same(readable.expected, answers)
    parity.require_parity(sameness, readable, settings.parity_tolerance)
    return [
        parity.compare(
            "SavedModel, other servers",
            sameness,
            latency_ms=parity.median_milliseconds(
                lambda image: servable.answer_by_graph([image]), images
            ),
            size_bytes=folder_size(bundle / SAVED_MODEL),
        )
    ]


def measure_litert(
    bundle: Path,
    sample: Sample,
    trained: ModelInfo,
    serving: Serving[Answer],
    min_agreement: float,
) -> tuple[dict[str, list[Answer]], list[parity.Parity]]:
    """Compare both LiteRT models, fed as a client feeds them: by the array form of the contract."""
    from components.export.litert import FLOAT_FILE, INT8_FILE, LiteRTModel

    prepare = partial(preprocess, contract=trained.contract)
    images = [example.image for example in sample.examples]
    pixels = list(map_ordered(prepare, images))
    results = []
    answers = {}
    for engine, name, file in (
        (LITERT, "LiteRT float", FLOAT_FILE),
        (LITERT_INT8, "LiteRT int8", INT8_FILE),
    ):
        answer = LiteRTModel(bundle / file, serving.outputs).answer
        received = [
            one for square in pixels for one in serving.read(answer(square), trained.classes)
        ]
        result = parity.compare(
            name,
            serving.same(sample.expected, received),
            latency_ms=parity.median_milliseconds(pipe(prepare, answer), images),
            size_bytes=(bundle / file).stat().st_size,
            engine=engine,
            file=file,
        )
        if file == INT8_FILE:
            result = parity.judge_int8(result, min_agreement)
        if result.kept:
            answers[engine] = received
        else:
            (bundle / file).unlink()
            log.warning("left out a model", model=name, reason=result.reason)
        results.append(result)
    return answers, results


def pipe(
    prepare: Callable[[bytes], Pixels], answer: Callable[[Pixels], Arrays]
) -> Callable[[bytes], Arrays]:
    """Return the function from an image file to what the network gives, as a client calls it."""
    return lambda image: answer(prepare(image))


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
