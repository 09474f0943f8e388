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


def captions(
    golden: Sequence[GoldenRequest], serving: Serving[Any], value_range: Range | None
) -> list[Thumbnail]:
    """Show golden requests with their answers."""
    shown = []
    for request in golden:
        title, text = serving.caption(serving.from_json(request.expected))
        shown.append(Thumbnail(decode(request.image, value_range=value_range), title, text))
    return shown
