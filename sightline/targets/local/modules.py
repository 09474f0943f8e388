"""Where the Python modules that tasks run are installed."""

import importlib.util
from pathlib import Path

from sightline.ground.errors import UserError
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
    """Return the file that `python -m module` runs; only its parent packages are imported."""
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
    file = module_file(module)
    if file is None:
        return None
    folder = file.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder
