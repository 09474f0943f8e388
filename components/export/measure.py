"""Run every exported model on test images: parity, time and size, and golden requests."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from components.export import parity
from components.export.settings import ExportSettings
from sightline.stage import log
from sightline.stage.formats.bundle import SAVED_MODEL, GoldenRequest, folder_size
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.servable import Answers, Servable
from sightline.stage.imaging.arrays import Floats, Pixels, preprocess
from sightline.stage.parallel import map_ordered


def measure(
    bundle: Path, sample: parity.Sample, trained: ModelInfo, settings: ExportSettings
) -> tuple[Answers, parity.Sample, list[parity.Parity]]:
    """Compare every exported model with the evaluated one; take out an int8 that disagrees."""
    servable = Servable(bundle / SAVED_MODEL)
    answers, sample = parity.answer_sample(servable, sample)
    images = [example.image for example in sample.examples]
    served = parity.compare(
        "SavedModel",
        sample.expected,
        answers.probabilities,
        latency_ms=parity.median_milliseconds(lambda image: servable.answer([image]), images),
        size_bytes=folder_size(bundle / SAVED_MODEL),
    )
    parity.require_parity(served, sample, answers.probabilities, settings.parity_tolerance)
    results = [served]
    if settings.litert:
        results += measure_litert(bundle, sample, trained, settings.min_int8_agreement)
    log.event("compared answers", images=len(images), left_out=len(sample.left_out))
    return answers, sample, results


def measure_litert(
    bundle: Path, sample: parity.Sample, trained: ModelInfo, min_agreement: float
) -> list[parity.Parity]:
    """Compare both LiteRT models, fed as a client feeds them: by the array form of the contract."""
    from components.export.litert import FLOAT_FILE, INT8_FILE, LiteRTModel

    prepare = partial(preprocess, contract=trained.contract)
    images = [example.image for example in sample.examples]
    pixels = list(map_ordered(prepare, images))
    results = []
    for name, file in (("LiteRT float", FLOAT_FILE), ("LiteRT int8", INT8_FILE)):
        answer = LiteRTModel(bundle / file).answer
        result = parity.compare(
            name,
            sample.expected,
            np.stack([answer(square) for square in pixels]),
            latency_ms=parity.median_milliseconds(pipe(prepare, answer), images),
            size_bytes=(bundle / file).stat().st_size,
        )
        if file == INT8_FILE:
            result = parity.judge_int8(result, min_agreement)
        if not result.kept:
            (bundle / file).unlink()
            log.warning("left out a model", model=name, reason=result.reason)
        results.append(result)
    return results


def pipe(
    prepare: Callable[[bytes], Pixels], answer: Callable[[Pixels], Floats]
) -> Callable[[bytes], Floats]:
    """Return the function from an image file to probabilities, as a client would call it."""
    return lambda image: answer(prepare(image))


def golden_requests(sample: parity.Sample, answers: Answers, count: int) -> list[GoldenRequest]:
    """Choose real requests, of as many classes as there are, with the SavedModel's answers."""
    seen: dict[int, int] = {}
    turns = []
    for row, index in enumerate(answers.class_index):
        seen[index] = seen.get(index, 0) + 1
        turns.append((seen[index], row))
    return [
        GoldenRequest(
            id=sample.examples[row].id,
            image=sample.examples[row].image,
            class_index=answers.class_index[row],
            class_name=answers.class_name[row],
            probabilities=tuple(answers.probabilities[row].tolist()),
        )
        for _, row in sorted(turns)[:count]
    ]
