"""Where the Python modules that tasks run are installed."""

import importlib.util
import sys
from pathlib import Path

from sightline._house import COMPONENTS, house
from sightline.ground.errors import UserError
from sightline.ground.plugins.entry_points import plugins
from sightline.package.reading.plan import Plan


def check_modules(plan: Plan) -> None:
    """Refuse a plan with a module that is not installed in this Python.

    Raises:
        UserError: naming the task and the module.
    """
    for task in plan.tasks.values():
        if task.module and module_file(task.module) is None:
            raise UserError(
                f"{task.name}: its command runs the Python module `{task.module}`, which is not "
                "installed here. Install the package that holds it, or use --launcher docker."
            )


def module_file(module: str) -> Path | None:
    """Return the file that `python -m module` runs; only its parent packages are imported.

    A stage of ours is found where it is installed, whatever else is called `components`.
    """
    return _file_of_stage(module) or _file_elsewhere(module)


def is_stage(module: str) -> bool:
    """Tell whether a module is a stage of this installation."""
    return _file_of_stage(module) is not None


def is_added_stage(module: str) -> bool:
    """Tell whether a module is a stage that an installed package adds."""
    added = [one.entry.value for same in plugins("stages").values() for one in same]
    return any(f"{module}.".startswith(f"{stage}.") for stage in added)


def _file_of_stage(module: str) -> Path | None:
    package, *path = module.split(".")
    if package != COMPONENTS or not path:
        return None
    found = house().joinpath(package, *path)
    file = found / "__main__.py" if found.is_dir() else found.with_suffix(".py")
    return file if file.exists() else None


def _file_elsewhere(module: str) -> Path | None:
    try:
        found = importlib.util.find_spec(module)
    except ImportError:
        return None
    if found is None or found.origin is None:
        return None
    file = Path(found.origin)
    if found.submodule_search_locations is not None:
        file = file.with_name("__main__.py")
    return file if file.exists() else None


def package_folder(module: str) -> Path | None:
    """Return the folder of the package that holds a module; None for a module without one."""
    file = module_file(module)
    if file is None or not (file.parent / "__init__.py").exists():
        return None
    return file.parent


def import_root(module: str) -> Path | None:
    """Return the folder that must be on the import path for a module to be found."""
    if is_stage(module):
        return house()
    file = module_file(module)
    if file is None:
        return None
    folder = file.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def check_importable_here(plan: Plan) -> None:
    """Refuse stages in this process where it has already imported another `components`.

    Raises:
        UserError: naming the other package.
    """
    known = getattr(sys.modules.get(COMPONENTS), "__path__", ())
    ours = (house() / COMPONENTS).resolve()
    foreign = [path for path in known if Path(path).resolve() != ours]
    if foreign and any(task.module and is_stage(task.module) for task in plan.tasks.values()):
        raise UserError(
            f"expected to run the stages in this process; it has imported another package "
            f"`{COMPONENTS}`, from {foreign[0]}. Use --launcher process."
        )
