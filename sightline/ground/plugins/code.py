"""What a package's code is, told apart by its files."""

import hashlib
from functools import cache
from pathlib import Path

from sightline.ground.plugins.entry_points import whole_package
from sightline.ground.storage.digests import content_digest


@cache
def code_of(module: str) -> str:
    """Hash every file of the package that holds a module, by name and content."""
    total = hashlib.sha256()
    for whole in whole_package(module):
        for path in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
            if path.is_file() and not is_made(path):
                total.update(f"{path.relative_to(whole.parent)}\0{content_digest(path)}\n".encode())
    return total.hexdigest()


def is_made(path: Path) -> bool:
    """Tell what Python or an editor leaves beside code."""
    return "__pycache__" in path.parts or path.name.startswith(".")
