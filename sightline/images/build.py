"""Build the stage images with a Docker engine, and try each one."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException
from docker.models.images import Image

from sightline import __version__
from sightline.ground.errors import UserError
from sightline.images.content import CONTENT_DIGITS, build_arguments, image_content
from sightline.images.dockerfile import build_image
from sightline.images.platform import (
    check_gpu_platform,
    check_platform,
    own_platform,
    platform_of,
    require_platform,
)
from sightline.images.python import debian_image
from sightline.images.recipes import (
    PYTHON_IMAGE,
    Recipe,
    base_recipes,
    image_name,
    stage_recipes,
)
from sightline.images.smoke import try_image

Report = Callable[[str], None]
ANSWER_SECONDS = 15 * 60
"""How long an engine may be silent: a registry takes minutes to store a layer of gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """One image, ready to run."""

    stage: str
    reference: str
    id: str
    content: str
    """What it is made from, as `image_content` says it."""
    python_image: str
    platform: str
    size_bytes: int
    seconds: float
    gpu: bool = False
    """Whether it holds CUDA."""


def build_images(
    *,
    repository: Path,
    stages: Sequence[str] = (),
    gpu: Sequence[str] = (),
    base: str = PYTHON_IMAGE,
    from_debian: bool = False,
    platform: str | None = None,
    report: Report,
) -> list[BuiltImage]:
    """Build the images of the named stages, or of all, and the bases that they stand on.

    Unchanged layers come from Docker's own cache. `base` is the public Python image to start
    from; `from_debian` makes one from Debian packages in its place, without any registry.
    Images for a platform that is not the engine's own have it in their tag, beside the others;
    so have those of the stages in `gpu`, which hold CUDA. `report` receives one short line per
    image and step.

    Raises:
        UserError: no engine answers, a stage is unknown or has no use for a GPU, or an image
            fails to build or to run.
    """
    suffix = f"-{check_platform(platform).replace('/', '-')}" if platform else ""
    engine = connect()
    if platform == own_platform(engine):
        suffix = ""
    if suffix and from_debian:
        raise _only_for(own_platform(engine), platform)
    recipes = stage_recipes(repository, stages, __version__ + suffix, gpu)
    if gpu:
        check_gpu_platform(platform or own_platform(engine))
    python = debian_image(engine, repository, report) if from_debian else base
    if platform and engine.images.list(name=python):
        require_platform(engine, python, platform, python)
    build = _Build(engine, repository, python, platform, suffix, report)
    for recipe in base_recipes(repository, recipes):
        build.image(recipe)
    return [build.stage(recipe) for recipe in recipes]


def _only_for(own: str, platform: str | None) -> UserError:
    return UserError(
        f"expected --base with an image for {platform}; received --from-debian, which makes "
        f"one for this machine, {own}. Use one of the two."
    )


@dataclass(frozen=True, slots=True)
class _Build:
    """What the images of one build have in common."""

    engine: docker.DockerClient
    repository: Path
    python_image: str
    platform: str | None
    suffix: str
    report: Report

    def stage(self, recipe: Recipe) -> BuiltImage:
        """Build and try a stage's image, and tag it by what it is made from."""
        start = time.perf_counter()
        # Before the build: of a file that changes meanwhile, the image is then the newer one.
        content = image_content(self.repository, recipe.name, self.python_image, gpu=recipe.gpu)
        self.image(recipe)
        try_image(self.engine, recipe, self.platform if self.suffix else None)
        image = self.engine.images.get(recipe.reference)
        self._tag(image, recipe, content)
        built = BuiltImage(
            stage=recipe.name,
            reference=recipe.reference,
            id=str(image.id),
            content=content,
            python_image=self.python_image,
            platform=platform_of(self.engine, recipe.reference),
            gpu=recipe.gpu,
            size_bytes=image.attrs["Size"],
            seconds=time.perf_counter() - start,
        )
        self.report(
            f"{recipe.reference}: {built.size_bytes / 1e6:,.0f} MB, content {content}, "
            f"answers --help, {built.seconds:.1f} s"
        )
        return built

    def _tag(self, image: Image, recipe: Recipe, content: str) -> None:
        name = image_name(recipe.name)
        suffix = recipe.tag.removeprefix(__version__)
        image.tag(name, content + suffix)
        # Older ones go, or `docker image prune` would keep an image for every change.
        older = re.compile(rf"{name}:(?!{content})[0-9a-f]{{{CONTENT_DIGITS}}}{suffix}")
        for tag in [tag for known in self.engine.images.list(name=name) for tag in known.tags]:
            if older.fullmatch(tag):
                with suppress(APIError):  # a container still runs it
                    self.engine.images.remove(tag, noprune=True)

    def image(self, recipe: Recipe) -> None:
        """Build an image for the right platform."""
        arguments = build_arguments(self.python_image, recipe.tag)
        build_image(self.engine, self.repository, recipe, arguments, self.report, self.platform)
        if self.platform:
            require_platform(self.engine, recipe.reference, self.platform, self.python_image)


def connect() -> docker.DockerClient:
    """Connect to the Docker engine of this machine.

    Raises:
        UserError: none answers.
    """
    try:
        engine = docker.from_env(timeout=ANSWER_SECONDS)
        engine.ping()
    except DockerException as error:
        raise UserError(
            f"Expected a Docker engine that answers; received: {error}. Start Docker, or set "
            "DOCKER_HOST to where it runs. Everything but images and the docker launcher works "
            "without one."
        ) from error
    return engine
