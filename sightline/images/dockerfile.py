"""Have a Docker engine build one Dockerfile of the project."""

from collections.abc import Callable
from pathlib import Path

import docker

from sightline import __version__
from sightline.ground.errors import UserError
from sightline.images.recipes import Recipe
from sightline.images.registry import ENGINE_ERRORS


def build_image(
    engine: docker.DockerClient,
    repository: Path,
    recipe: Recipe,
    arguments: dict[str, str],
    report: Callable[[str], None],
    platform: str | None = None,
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
            platform=platform,
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
                raise UserError(_failure(recipe, said, platform))
    except ENGINE_ERRORS as error:
        raise UserError(_failure(recipe, [*said, str(error)], platform)) from error


def _failure(recipe: Recipe, said: list[str], platform: str | None) -> str:
    last = "\n".join(said[-15:])
    remedy = f"Correct {recipe.dockerfile} and build again."
    if "exec format error" in last:
        remedy = (
            f"This engine cannot run programs of {platform or 'that platform'}. Build on a machine "
            "of that kind, or install an emulation: "
            "`docker run --privileged --rm tonistiigi/binfmt --install all`."
        )
    elif "no matching manifest" in last or "match the specified platform" in last:
        remedy = f"Pass --base with an image that is there for {platform or 'this machine'}."
    elif len(said) < 4 and any(" FROM " in line or "pull" in line for line in said):
        remedy = (
            "If the image in FROM cannot be pulled here, pass --base with one that can, "
            "or --from-debian to make one without a registry."
        )
    return f"Building {recipe.reference} failed. {remedy} The build said last:\n{last}"
