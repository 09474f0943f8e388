"""Choose real requests with their answers, which every deployment must repeat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from components.export.measuring.sampling import Sample
from sightline.ground.models.formats import TENSORFLOW
from sightline.problems.serving import Answer, Serving
from sightline.stage.formats.bundle import GoldenRequest
from sightline.stage.imaging.arrays import decode
from sightline.stage.imaging.contract import Range
from sightline.stage.report.images import Thumbnail


def golden_requests(
    sample: Sample, by_engine: Mapping[str, Sequence[Answer]], serving: Serving[Answer], count: int
) -> list[GoldenRequest]:
    """Choose real requests, of as many classes as there are, with the answers of every engine."""
    seen: Counter[str] = Counter()
    turns = []
    for row, answer in enumerate(by_engine[TENSORFLOW]):
        group = serving.group(answer)
        seen[group] += 1
        turns.append((seen[group], row))
    chosen = [row for _, row in sorted(turns)[:count]]
    asked = [(sample.examples[row].id, sample.examples[row].image) for row in chosen]
    given = {name: [answers[row] for row in chosen] for name, answers in by_engine.items()}
    return answered(asked, given, serving)


def answered(
    asked: Sequence[tuple[str, bytes]],
    by_engine: Mapping[str, Sequence[Answer]],
    serving: Serving[Answer],
) -> list[GoldenRequest]:
    """Return requests, ids and images, with what every engine answers to each."""
    rows = {name: list(map(serving.as_json, answers)) for name, answers in by_engine.items()}
    expected = rows.pop(TENSORFLOW)
    return [
        GoldenRequest(
            id=id,
            image=image,
            expected=expected[row],
            engines={name: documents[row] for name, documents in rows.items()},
        )
        for row, (id, image) in enumerate(asked)
    ]


def captions(
    golden: Sequence[GoldenRequest], serving: Serving[Any], value_range: Range | None
) -> list[Thumbnail]:
    """Show golden requests with their answers."""
    shown = []
    for request in golden:
        title, text = serving.caption(serving.from_json(request.expected))
        shown.append(Thumbnail(decode(request.image, value_range=value_range), title, text))
    return shown
