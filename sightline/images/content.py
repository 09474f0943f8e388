"""One short name for all that an image is made from: the same on every machine, at any time."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sightline import __version__
from sightline.ground.errors import UserError
from sightline.ground.storage.digests import content_digest, text_digest
from sightline.images.recipes import PYTHON_IMAGE, Recipe, base_recipes, stage_recipes

CONTENT_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Context:
    """What a build may take from the repository, for any number of images: a file is read once."""

    repository: Path
    names: Sequence[str]
    _described: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, repository: Path) -> "Context":
        """List what `.dockerignore` lets through now."""
        return cls(repository, context_files(repository))

    def describe(self, name: str) -> str:
        """Say what a file holds, whether it is a program, and where a link leads."""
        if name not in self._described:
            self._described[name] = _description(self.repository, name)
        return self._described[name]


def image_content(
    repository: Path,
    stage: str,
    python_image: str = PYTHON_IMAGE,
    *,
    gpu: bool = False,
    context: Context | None = None,
) -> str:
    """Hash everything that a stage's image is made from, as 12 hexadecimal digits.

    That is its Dockerfile and the files that its COPY lines name, the same of the bases that it
    stands on, and the build's arguments. Times, owners and what `.dockerignore` keeps out do
    not count, and neither does the platform. `python_image` must be the one that was built on.
    Whoever asks for several stages gives them one `context`.

    Raises:
        UserError: the stage has no Dockerfile, or a COPY line names no file.
    """
    recipes = stage_recipes(repository, [stage], gpu=[stage] if gpu else ())
    context = context or Context.of(repository)
    lines = [f"{name}={value}" for name, value in build_arguments(python_image).items()]
    for recipe in [*base_recipes(repository, recipes), *recipes]:
        lines.append(f"{recipe.name} {content_digest(recipe.dockerfile)}")
        lines += map(context.describe, copied_files(recipe, context.names))
    return text_digest("\n".join(lines))[:CONTENT_DIGITS]


def build_arguments(python_image: str, tag: str = __version__) -> dict[str, str]:
    """Return the arguments that every Dockerfile of the project is built with."""
    return {"PYTHON_IMAGE": python_image, "VERSION": tag}


def context_files(repository: Path) -> list[str]:
    """List what `.dockerignore` lets through, by the rules that the build itself goes by."""
    from docker.utils.build import PatternMatcher

    ignore = repository / ".dockerignore"
    lines = ignore.read_text(encoding="utf-8").splitlines() if ignore.is_file() else []
    patterns = [line.strip() for line in lines if line.strip() and line.strip()[0] != "#"]
    found: Iterable[str] = PatternMatcher(patterns).walk(str(repository))
    return sorted(name for name in found if not _is_folder(repository / name))


def _is_folder(path: Path) -> bool:
    # A link to a folder reaches the build as a link.
    return path.is_dir() and not path.is_symlink()


def copied_files(recipe: Recipe, context: Sequence[str]) -> list[str]:
    """Return the files of the build's context that a Dockerfile's COPY lines name.

    Raises:
        UserError: a line names none.
    """
    copied: set[str] = set()
    for source in _copied_sources(recipe.dockerfile):
        path = source.strip("/").removeprefix("./")
        files = {name for name in context if path == "." or f"{name}/".startswith(f"{path}/")}
        if not files:
            raise UserError(
                f"{recipe.dockerfile}: COPY names {source}; expected a file or folder of the "
                "repository, without wildcards, that .dockerignore lets through. Correct one of "
                "the two."
            )
        copied |= files
    return sorted(copied)


def _copied_sources(dockerfile: Path) -> Iterator[str]:
    text = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"^\s*(?:COPY|ADD)\s+(.+)$", text, re.MULTILINE | re.IGNORECASE):
        words = [word for word in shlex.split(line) if not word.startswith("--")]
        yield from words[:-1]


def _description(repository: Path, name: str) -> str:
    path = repository / name
    if path.is_symlink():
        return f"{name} -> {path.readlink()}"
    runs = "x" if path.stat().st_mode & 0o100 else "-"
    return f"{name} {runs} {content_digest(path)}"
