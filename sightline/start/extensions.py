"""What installed packages add, and whether it is there when someone asks for it."""

from collections.abc import Callable, Iterator, Mapping

from sightline.ground.backbones.table import refusal
from sightline.ground.errors import UserError, one_line
from sightline.ground.plugins.entry_points import GROUPS, Group, Plugin, plugins
from sightline.package.pipelines import load_pipeline
from sightline.problems import problem_of
from sightline.project.stages import stage_module


def extensions() -> list[Plugin]:
    """Return everything that installed packages add."""
    return [one for group in GROUPS for same in plugins(group).values() for one in same]


def broken_extensions() -> Iterator[str]:
    """Say of each name that cannot be used why not: it collides, or does not import."""
    for group in GROUPS:
        for name in plugins(group):
            if reason := _why_not(group, name):
                yield reason


def _why_not(group: Group, name: str) -> str:
    try:
        return ASKED[group](name) or ""
    except UserError as error:
        return str(error)
    except Exception as error:  # whatever somebody's module raises
        kind = type(error).__name__
        return f"sightline.{group}, entry point {name}: {kind}: {one_line(error)}."


def _recipe(name: str) -> None:
    stage_module("train", "planning.recipe").recipe_of(name)


def _augmentation(name: str) -> None:
    stage_module("train", "augmentation.own").augmentation_of(name)


def _metric(name: str) -> None:
    stage_module("evaluate", "own_metrics.names").metric_of(name)


def _problem(name: str) -> None:
    _ = problem_of(name).reader


def _stage(name: str) -> None:
    for module in ("settings", "component"):
        stage_module(name, module)


def _pipeline(name: str) -> None:
    load_pipeline(name)


ASKED: Mapping[Group, Callable[[str], str | None]] = {
    "augmentations": _augmentation,
    "backbones": refusal,
    "metrics": _metric,
    "pipelines": _pipeline,
    "problems": _problem,
    "recipes": _recipe,
    "stages": _stage,
}
"""How each is asked for: the way that settings and stages do."""
