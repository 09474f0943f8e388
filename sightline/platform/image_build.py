"""Build the stage images with a Docker engine, and try each one."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException

from sightline import __version__
from sightline.platform.errors import UserError
from sightline.platform.image_smoke import try_image
from sightline.platform.images import Recipe, base_recipes, stage_recipes

PYTHON_IMAGE = "python:3.11-slim-bookworm"
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """One image, ready to run."""

    stage: str
    reference: str
    size_bytes: int
    seconds: float


def build_images(
    *,
    repository: Path,
    stages: Sequence[str] = (),
    base: str = PYTHON_IMAGE,
    from_debian: bool = False,
    report: Report,
) -> list[BuiltImage]:
    """Build the images of the named stages, or of all, and the bases that they stand on.

    Unchanged layers come from Docker's own cache. `base` is the public Python image to start
    from; `from_debian` makes one from Debian packages in its place, without any registry.
    `report` receives one short line per image and step.

    Raises:
        UserError: no engine answers, a stage is unknown, or an image fails to build or to run.
    """
    recipes = stage_recipes(repository, stages)
    engine = connect()
    python = debian_image(engine, repository, report) if from_debian else base
    arguments = {"PYTHON_IMAGE": python, "VERSION": __version__}
    for recipe in base_recipes(repository, recipes):
        build_image(engine, repository, recipe, arguments, report)
    built = []
    for recipe in recipes:
        start = time.perf_counter()
        build_image(engine, repository, recipe, arguments, report)
        try_image(engine, recipe)
        size = engine.images.get(recipe.reference).attrs["Size"]
        seconds = time.perf_counter() - start
        report(f"{recipe.reference}: {size / 1e6:,.0f} MB, answers --help, {seconds:.1f} s")
        built.append(
            BuiltImage(
                stage=recipe.name, reference=recipe.reference, size_bytes=size, seconds=seconds
            )
        )
    return built


def connect() -> docker.DockerClient:
    """Connect to the Docker engine of this machine.

    Raises:
        UserError: none answers.
    """
    try:
        engine = docker.from_env()
        engine.ping()
    except DockerException as error:
        raise UserError(
            f"Expected a Docker engine that answers; received: {error}. Start Docker, or set "
            "DOCKER_HOST to where it runs. Everything but images and the docker launcher works "
            "without one."
        ) from error
    return engine


def debian_image(engine: docker.DockerClient, repository: Path, report: Report) -> str:
    """Return a Python image made from Debian packages, made now unless it is there already.

    Its tag follows the script and the certificates, so a change in either makes a new one.

    Raises:
        UserError: the script failed; its message says what is missing.
    """
    script = repository / "containers" / "python_base.sh"
    bundle = Path(os.environ.get("CA_BUNDLE", CA_BUNDLE))
    content = script.read_bytes() + (bundle.read_bytes() if bundle.is_file() else b"")
    tag = f"sightline/python:debian-bookworm-{hashlib.sha256(content).hexdigest()[:12]}"
    if engine.images.list(name=tag):
        report(f"{tag}: there already; `docker rmi {tag}` to have it made anew")
        return tag
    report(f"{tag}: putting Debian packages together, about a minute")
    done = subprocess.run(["bash", str(script), tag], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"Making {tag} failed: {done.stderr.strip()}")
    return tag


def build_image(
    engine: docker.DockerClient,
    repository: Path,
    recipe: Recipe,
    arguments: dict[str, str],
    report: Report,
) -> None:
    """Build one image and report its steps.

    Raises:
        UserError: with the last lines that the build said, and a remedy when a pull failed.
    """
    report(f"{recipe.reference}: building")
    said: list[str] = []
    step = ""
    try:
        for message in engine.api.build(
            path=str(repository),
            dockerfile=str(recipe.dockerfile.relative_to(repository)),
            tag=recipe.reference,
            buildargs=arguments,
            labels={"org.opencontainers.image.version": __version__},
            use_config_proxy=True,
            forcerm=True,
            decode=True,
        ):
            line = str(message.get("error") or message.get("stream") or "").strip()
            said += [line] if line else []
            step = " ".join(line.split()) if line.startswith("Step ") else step
            # Layers from the cache say something else, and are not worth a line.
            if line.startswith("---> Running in") and " RUN " in step:
                report(f"{recipe.reference}: {step[:70]}")
            if "error" in message:
                raise UserError(_failure(recipe, said))
    except APIError as error:
        raise UserError(_failure(recipe, [*said, str(error)])) from error


def _failure(recipe: Recipe, said: list[str]) -> str:
    last = "\n".join(said[-15:])
    remedy = f"Correct {recipe.dockerfile} and build again."
    if len(said) < 4 and any(" FROM " in line or "pull" in line for line in said):
        remedy = (
            "If the image in FROM cannot be pulled here, pass --base with one that can, "
            "or --from-debian to make one without a registry."
        )
    return f"Building {recipe.reference} failed. {remedy} The build said last:\n{last}"
