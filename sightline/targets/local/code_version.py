"""What code a task would run: its source files and the libraries it stands on."""

import hashlib
import re
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
SHARED_FOLDERS = ("sightline/ground", "sightline/stage", "sightline/problems")
BATCH = "from sightline.batch"
BATCH_FOLDERS = ("sightline/client", "sightline/serving", "sightline/batch")
"""What a stage that answers images stands on, too."""


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
        library = Path(sightline.__file__).parents[1]
        answers = BATCH in _text_of(folder)
        for shared in (*SHARED_FOLDERS, *(BATCH_FOLDERS if answers else ())):
            files |= source_hashes(library / shared, library)
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


def _text_of(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))


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
