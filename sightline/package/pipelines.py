"""The pipelines of this installation, found by the names of their files."""

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from sightline import _house
from sightline.ground.errors import UserError, nearest
from sightline.ground.plugins.entry_points import plugin_of, with_plugins
from sightline.package.kfp_import import import_kfp
from sightline.project.choice import PipelineChoice
from sightline.project.stages import component_stages

if TYPE_CHECKING:
    from sightline.package.pipeline import Pipeline


def choose_pipeline(name: str) -> PipelineChoice:
    """Return what settings need to know of a pipeline; dashes and underscores are the same.

    Raises:
        UserError: there is no such pipeline.
    """
    name = name.replace("-", "_")
    # kfp, with which a pipeline is built, takes its time to import.
    return PipelineChoice(name, _written_stages(name) or load_pipeline(name).stage_names)


def load_pipeline(name: str) -> "Pipeline":
    """Return the pipeline that `pipelines/<name>.py` defines under the same name, or a package.

    Raises:
        UserError: there is no such pipeline, and names the others; or several packages add it,
            or its package cannot be imported.
    """
    import_kfp()
    found = _of_package(name) or (_defined_in(name) if name in _files() else None)
    if found is not None:
        return found
    known = pipeline_names()
    guess = nearest(name, known)
    remedy = (
        f"Did you mean {guess}?"
        if guess
        else "Choose one of them, add such a file, or install the package that brings it."
    )
    raise UserError(
        f"--pipeline: expected the name of a file in {pipelines_folder()} that defines a pipeline "
        f"(known: {', '.join(known)}); received {name}. {remedy}"
    )


def pipeline_names() -> tuple[str, ...]:
    """Name every pipeline, in alphabetical order."""
    import_kfp()
    ours = [name for name in _files() if _defined_in(name) is not None]
    return with_plugins("pipelines", ours)


def pipelines_folder() -> Path:
    """Return the folder that holds one file per pipeline."""
    return _house.house() / _house.PIPELINES


def _files() -> list[str]:
    return sorted(path.stem for path in pipelines_folder().glob("[!_]*.py"))


def _of_package(name: str) -> "Pipeline | None":
    from sightline.package.pipeline import Pipeline

    plugin = plugin_of("pipelines", name, _files())
    if plugin is None:
        return None
    found = plugin.load()
    if not isinstance(found, Pipeline):
        raise UserError(
            f"Package {plugin.package}: expected a pipeline at {plugin.entry.value}, as "
            f"sightline.package.pipeline.pipeline makes it of a function; received {found!r}."
        )
    return found


def _defined_in(name: str) -> "Pipeline | None":
    from sightline.package.pipeline import Pipeline

    module = importlib.import_module(f"{_house.__name__}.{_house.PIPELINES}.{name}")
    found = getattr(module, name, None)
    return found if isinstance(found, Pipeline) else None


def _written_stages(name: str) -> tuple[str, ...]:
    """Read the order from the text of a pipeline; nothing where it is not a list of our stages."""
    if name not in _files():
        return ()
    text = (pipelines_folder() / f"{name}.py").read_text(encoding="utf-8")
    functions = [one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)]
    declared = [
        argument.value
        for function in functions
        if function.name == name
        for call in function.decorator_list
        if isinstance(call, ast.Call)
        for argument in call.keywords
        if argument.arg == "stages"
    ]
    if len(declared) != 1 or not isinstance(declared[0], ast.List):
        return ()
    components = [one.id for one in declared[0].elts if isinstance(one, ast.Name)]
    stages = component_stages()
    if len(components) != len(declared[0].elts) or not stages.keys() >= set(components):
        return ()
    return tuple(dict.fromkeys(stages[component] for component in components))
