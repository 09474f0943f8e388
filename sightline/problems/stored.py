"""The targets of a dataset, as the kind of problem keeps them."""

from pathlib import Path

from sightline.ground.source.targets import Target
from sightline.problems.problem import Problem
from sightline.stage.formats.dataset import read_columns


def read_targets(dataset: Path, problem: Problem) -> list[Target]:
    """Read what is to be learned about each image, in the order of the rows."""
    value = [] if problem.targets.column() is None else ["target"]
    columns = read_columns(dataset, ["labels", *value])
    values = columns.get("target", [None] * len(columns["labels"]))
    return list(map(Target, map(tuple, columns["labels"]), values))
