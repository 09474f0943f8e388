"""Names of the stage images, and the Dockerfiles that they are built from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline import __version__
from sightline.platform.errors import UserError, nearest, shorten

PYTHON_IMAGE = "python:3.11-slim-bookworm"
"""What the lowest base stands on, unless a person names another."""


def image_reference(stage: str) -> str:
    """Name the image of a stage, such as `sightline/label-check:0.1.0`."""
    return f"{image_name(stage)}:{__version__}"


def image_name(stage: str) -> str:
    """Name the image of a stage without a tag, such as `sightline/label-check`."""
    return f"sightline/{stage.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Dockerfile of this project and the image that comes out of it."""

    name: str
    dockerfile: Path
    tag: str = __version__

    @property
    def reference(self) -> str:
        """The image's name and tag."""
        return f"{image_name(self.name)}:{self.tag}"


def repository_root(module: Path = Path(__file__)) -> Path:
    """Find the checkout that this package runs from, for it holds the Dockerfiles.

    Raises:
        UserError: the package was installed without its sources.
    """
    root = module.resolve().parents[3]
    if not (root / "containers").is_dir():
        raise UserError(
            f"Expected the project's sources, with a folder `containers`, in {root}; received an "
            "installed package. Clone the repository and run `sightline images build` there."
        )
    return root


def find_stages(repository: Path) -> list[str]:
    """List the stages that have a Dockerfile."""
    return sorted(path.parent.name for path in repository.glob("components/*/Dockerfile"))


def stage_recipes(
    repository: Path, names: Sequence[str] = (), tag: str = __version__
) -> list[Recipe]:
    """Return the recipes of the named stages, or of all; dashes and underscores are the same.

    Raises:
        UserError: a stage has no Dockerfile.
    """
    found = find_stages(repository)
    chosen = [name.replace("-", "_") for name in names] or found
    for name in chosen:
        if name not in found:
            guess = nearest(name, found)
            remedy = f"Did you mean {guess}?" if guess else "Pass no name to build all."
            raise UserError(
                f"Expected stages with a Dockerfile ({shorten(found, 20)}); "
                f"received {name}. {remedy}"
            )
    return [Recipe(name, repository / "components" / name / "Dockerfile", tag) for name in chosen]


def base_recipes(repository: Path, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Return the base images that `recipes` stand on, each after the one that it stands on."""
    bases: dict[str, Recipe] = {}
    for recipe in recipes:
        name = base_of(recipe.dockerfile)
        if name is not None and name not in bases:
            base = Recipe(name, repository / "containers" / f"{name}.Dockerfile", recipe.tag)
            lower = {below.name: below for below in base_recipes(repository, [base])}
            bases = {**bases, **lower, name: base}
    return list(bases.values())


def base_of(dockerfile: Path) -> str | None:
    """Name the project's own base in a Dockerfile's FROM; None when it stands on Python itself."""
    match = re.search(r"^FROM sightline/([\w-]+):", dockerfile.read_text(encoding="utf-8"), re.M)
    return match.group(1) if match else None
