"""Which pictures the page shows beside the mistakes themselves, and the files that they need."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.evaluate.pictures.cells import Cells
from components.evaluate.pictures.flips import Flips, flips_of
from components.evaluate.pictures.nearest import Nearest, nearest_of
from sightline.problems import Problem
from sightline.problems.judging import Champion, Mistake
from sightline.stage.formats.dataset import Example, read_examples
from sightline.stage.formats.evaluation import Predictions

LOOKED_INTO = 8
"""Worst mistakes that are shown with what the model may have learned them from."""
MOST_UNCERTAIN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What there is to show; the pictures' files are read once for all of it."""

    mistakes: Sequence[Mistake]
    nearest: Nearest
    uncertain: Sequence[int] | None
    """Rows, the least sure first; None where answers say nothing of that."""
    flips: Flips | None
    """None where nothing was compared."""
    most: int
    """Pictures of each kind that a person wants at most."""
    cells: Cells
    """Of truth against answer."""
    files: Mapping[str, Example] = field(default_factory=dict)
    """By id, those that are shown."""

    @property
    def looked_into(self) -> Sequence[Mistake]:
        """The worst of the mistakes."""
        return self.mistakes[:LOOKED_INTO]


def choose(
    mistakes: Sequence[Mistake],
    predictions: Predictions,
    problem: Problem,
    champion: Champion | None,
    *,
    cells: Cells,
    model: Path,
    dataset: Path,
    features: Path,
    most: int,
) -> Pictures:
    """Choose at most `most` pictures of each kind, and read the files of all at once."""
    found = Pictures(
        mistakes=mistakes,
        nearest=nearest_of([one.id for one in mistakes[:LOOKED_INTO]], features, model),
        uncertain=_uncertain(predictions, problem, min(most, MOST_UNCERTAIN)),
        flips=flips_of(predictions, champion, problem) if champion else None,
        most=most,
        cells=cells,
    )
    files = _files(dataset, _ids(found, predictions))
    return replace(found, files=files, mistakes=_with_files(mistakes, files))


def _uncertain(predictions: Predictions, problem: Problem, most: int) -> list[int] | None:
    answers = problem.judging.served(predictions, range(len(predictions.ids)))
    sure = {row: problem.serving.confidence(answer) for row, answer in enumerate(answers)}
    told = {row: value for row, value in sure.items() if value is not None}
    return sorted(told, key=told.__getitem__)[:most] if told else None


def _ids(found: Pictures, predictions: Predictions) -> set[str]:
    ways = found.flips.shown(found.most) if found.flips else ()
    flipped = [one for way in ways for one in way]
    rows = [*(found.uncertain or ()), *(one.row for one in flipped)]
    near = (one.id for several in found.nearest.of.values() for one in several)
    return {*(one.id for one in found.mistakes), *(predictions.ids[row] for row in rows), *near}


def _files(dataset: Path, ids: Collection[str]) -> dict[str, Example]:
    return {one.id: one for one in read_examples(dataset, ids=ids)} if ids else {}


def _with_files(mistakes: Sequence[Mistake], files: Mapping[str, Example]) -> list[Mistake]:
    """Say where each image lies, and add its bytes as they were received."""
    return [
        replace(one, uri=file.uri, original=file.image) if (file := files.get(one.id)) else one
        for one in mistakes
    ]
