"""Ask every form of the model about test images: parity, accuracy, time and size."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.export.measuring import parity
from components.export.measuring.accuracy import Judge
from components.export.measuring.sampling import Sample, for_other_servers
from components.export.settings import ExportSettings
from sightline.ground.errors import DataError
from sightline.ground.models.formats import TENSORFLOW
from sightline.ground.storage.files import folder_size
from sightline.problems import Problem
from sightline.problems.serving import Answer, Serving
from sightline.stage import log
from sightline.stage.answering.engine import BY_ENGINE, FORMATS, SAVED_MODEL, Format
from sightline.stage.answering.pixel_models import open_model
from sightline.stage.answering.servable import ImageError, Servable
from sightline.stage.formats.evaluation import Predictions
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.records import damage_named, read_split
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.parallel import map_ordered

AT_ONCE = 16
Ask = Callable[[Sequence[Pixels]], list[Any]]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The sample as a client decodes it, once for every model."""

    sample: Sample
    pixels: list[Pixels]
    milliseconds: float
    """Median time of one image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every form of a model is measured with."""

    bundle: Path
    trained: ModelInfo
    problem: Problem
    predictions: Predictions
    """What evaluate wrote: the answers to repeat."""
    records: Path
    """Test images beyond the sample, as evaluate saw them."""
    level: float
    """Of intervals."""
    settings: ExportSettings


@dataclass(slots=True)
class _Measured:
    """One form at work."""

    form: Format
    ask: Ask
    answers: list[Any]
    """To the sample, then to further images."""
    latency_ms: float


def measure(
    bench: Bench, sample: Sample
) -> tuple[dict[str, list[Any]], Sample, list[parity.Parity]]:
    """Compare every form with the evaluated model; take out those that round and lose too much.

    Return the answers by engine, to the sample's images that decode, and what came of each
    comparison.

    Raises:
        DataError: a form that should answer as the evaluated model does not.
    """
    trained, serving = bench.trained, bench.problem.serving
    folder = bench.bundle / SAVED_MODEL
    servable = Servable(folder, serving, trained.classes, trained.contract)
    decoded = decode_sample(sample, trained.contract)
    forms = [_asked(form, ask, decoded) for form, ask in _opened(bench, servable)]
    further = _answer_further(bench, decoded.sample, forms)
    row_of = {id: row for row, id in enumerate(bench.predictions.ids)}
    rows = [row_of[one.id] for one in decoded.sample.examples] + further
    judge = Judge(
        judging=bench.problem.judging,
        predictions=bench.predictions,
        rows=tuple(rows),
        level=bench.level,
    )
    results = [_judged(bench, one, judge) for one in forms]
    tolerance = bench.settings.parity_tolerance
    results[1:1] = measure_graph(folder, servable, decoded.sample, serving, tolerance)
    kept = {result.engine for result in results if result.kept}
    count = len(decoded.pixels)
    answers = {one.form.engine: one.answers[:count] for one in forms if one.form.engine in kept}
    log.event("compared answers", images=len(rows), left_out=len(decoded.sample.left_out))
    return answers, decoded.sample, results


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


def _opened(bench: Bench, servable: Servable[Any]) -> Iterator[tuple[Format, Ask]]:
    """Yield every form that the bundle has, the SavedModel first, and what asks it."""
    yield BY_ENGINE[TENSORFLOW], servable.answer_pixels
    for form in FORMATS:
        path = bench.bundle / form.file
        if form.takes and path.exists():
            yield form, _asking(form, path, bench)


def _asking(form: Format, path: Path, bench: Bench) -> Ask:
    model, classes = open_model(form.engine, path), bench.trained.classes
    read = bench.problem.serving.read

    def ask(squares: Sequence[Pixels]) -> list[Any]:
        given = (read(model.answer(pixels), classes) for pixels in squares)
        return [one for answers in given for one in answers]

    return ask


def _asked(form: Format, ask: Ask, decoded: Decoded) -> _Measured:
    answered = parity.answer_sample(ask, decoded.pixels, decoded.sample)
    latency = decoded.milliseconds + answered.latency_ms
    return _Measured(form, ask, list(answered.results), latency)


def _answer_further(bench: Bench, sample: Sample, forms: Sequence[_Measured]) -> list[int]:
    """Ask every form about test images beyond the sample; return their rows."""
    done = {example.id for example in sample.examples} | set(sample.left_out)
    row_of = {id: row for row, id in enumerate(bench.predictions.ids)}
    room = max(0, bench.settings.accuracy_images - len(sample.examples))
    wanted = set(sorted(id for id in row_of if id not in done)[:room])
    rows: list[int] = []
    for squares, ids in _prepared(bench, wanted):
        for form in forms:
            form.answers += form.ask(squares)
        rows += [row_of[id] for id in ids]
    return rows


def _prepared(bench: Bench, wanted: set[str]) -> Iterator[tuple[list[Pixels], list[str]]]:
    """Yield test images as evaluate saw them, in batches, with their ids."""
    squares: list[Pixels] = []
    ids: list[str] = []
    if not wanted:
        return
    with damage_named(bench.records):
        for image, _, id in read_split(bench.records, "test", bench.problem.targets):
            if (name := id.numpy().decode()) not in wanted:
                continue
            squares.append(image.numpy())
            ids.append(name)
            if len(ids) == AT_ONCE:
                yield squares, ids
                squares, ids = [], []
    if ids:
        yield squares, ids


def _judged(bench: Bench, one: _Measured, judge: Judge) -> parity.Parity:
    """Compare a form's answers; remove one that rounds and loses too much."""
    folder, settings = bench.bundle, bench.settings
    sameness = bench.problem.serving.same(judge.evaluated, one.answers)
    uris = [bench.predictions.uris[row] for row in judge.rows]
    result = parity.compare_form(
        one.form, folder, sameness, uris, settings, latency_ms=one.latency_ms
    )
    result = replace(result, accuracy=judge.accuracy(one.answers))
    return parity.keep_or_remove(result, folder, settings)


def measure_graph(
    folder: Path,
    servable: Servable[Answer],
    sample: Sample,
    serving: Serving[Answer],
    tolerance: float,
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
    uris = [example.uri for example in answered.sample.examples]
    parity.require_parity("SavedModel", sameness, uris, tolerance)
    return [
        parity.compare(
            "SavedModel, other servers",
            sameness,
            latency_ms=answered.latency_ms,
            size_bytes=folder_size(folder),
        )
    ]
