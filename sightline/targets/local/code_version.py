"""What code a task would run: its source files and the libraries it stands on."""

import hashlib
import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

import sightline
from sightline.ground.models.libraries import LIBRARIES, versions_of
from sightline.ground.plugins.entry_points import folders_read_by, whole_package
from sightline.package.reading.plan import PlannedTask
from sightline.project.stages import stage_names
from sightline.targets.local.modules import (
    import_root,
    is_added_stage,
    is_stage,
    module_file,
    package_folder,
)

# These say how a stage is shown and packed, not what it computes.
NOT_CODE = frozenset({"component.py", "Dockerfile", "README.md"})
IMPORTED_STAGE = re.compile(r"^\s*from (?:components\.|\.\.)(\w+)\.", re.MULTILINE)
IMPORTED_ROOM = re.compile(r"^\s*(?:from|import) sightline\.(\w+)", re.MULTILINE)
LIBRARY = Path(sightline.__file__).parent


class CodeVersion(BaseModel):
    """The code behind a task, in the parts that a person can name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str | None = None
    """Id of the container image, which holds everything else."""
    files: dict[str, str] = Field(default_factory=dict)
    packages: dict[str, str] = Field(default_factory=dict)


def code_version(task: PlannedTask) -> CodeVersion:
    """Hash the source of the module that a task runs, and of what all stages share."""
    if task.module is None:
        return CodeVersion()
    folder = package_folder(task.module)
    if folder is None:
        file = module_file(task.module)
        files = {file.name: _file_hash(file)} if file else {}
        return CodeVersion(files=files, packages=versions_of(LIBRARIES))
    root = import_root(task.module) or folder.parent
    files = source_hashes(folder, root)
    is_added = is_added_stage(task.module)
    if is_added:
        for whole in whole_package(task.module):
            files |= source_hashes(whole, whole.parent)
    if is_added or is_stage(task.module):
        # A package's stage may come to kinds of problems by another package.
        for room in sorted(rooms_behind(folder) | {"problems"}):
            files |= source_hashes(LIBRARY / room, LIBRARY.parent)
        behind = stages_behind(folder)
        for other in behind:
            files |= source_hashes(folder.parent / other, root)
        # Two may read the same package.
        for added in {one for stage in (folder.name, *behind) for one in folders_read_by(stage)}:
            files |= source_hashes(added, added.parent)
    return CodeVersion(files=files, packages=versions_of(LIBRARIES))


def stages_behind(folder: Path) -> list[str]:
    """Name the other stages whose code a stage imports, as tune does train's."""
    imported = set(IMPORTED_STAGE.findall(_text_of(folder))) - {folder.name}
    return [name for name in stage_names() if name in imported]


def rooms_behind(folder: Path) -> frozenset[str]:
    """Name the folders of the library that a stage stands on, by its imports and by theirs.

    Every stage stands on `stage`, which runs it.
    """
    found: set[str] = set()
    waiting = {"stage", *IMPORTED_ROOM.findall(_text_of(folder))}
    while waiting:
        found |= waiting
        waiting = {other for room in waiting for other in _imported_by(room)} - found
    return frozenset(found)


@cache
def _imported_by(room: str) -> tuple[str, ...]:
    return tuple(IMPORTED_ROOM.findall(_text_of(LIBRARY / room)))


def _text_of(folder: Path) -> str:
    paths = (path for path in sorted(folder.rglob("*.py")) if path.name not in NOT_CODE)
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def source_hashes(folder: Path, root: Path) -> dict[str, str]:
    """Hash every file of a package, named from `root` on."""
    return {
        path.relative_to(root).as_posix(): _file_hash(path)
        for path in (sorted(folder.rglob("*")) if folder.is_dir() else [folder])
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.name not in NOT_CODE
        and not path.name.startswith(".")
    }


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
