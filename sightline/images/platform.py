"""For which processor and system an image is made, and whether it came out so."""

import docker

from sightline.ground.errors import UserError, nearest

PLATFORMS = ("linux/amd64", "linux/arm64")
"""What TensorFlow is published for."""
GPU_PLATFORM = "linux/amd64"
"""What it is published for with CUDA."""


def check_platform(name: str) -> str:
    """Return the name of a platform that images can be built for.

    Raises:
        UserError: there is none such.
    """
    if name not in PLATFORMS:
        guess = nearest(name, PLATFORMS)
        remedy = f" Did you mean {guess}?" if guess else ""
        raise UserError(f"expected --platform {' or '.join(PLATFORMS)}; received {name}.{remedy}")
    return name


def check_gpu_platform(platform: str) -> None:
    """Refuse GPU images for a platform that TensorFlow comes without CUDA for.

    Raises:
        UserError: it is not linux/amd64.
    """
    if platform != GPU_PLATFORM:
        raise UserError(
            f"expected {GPU_PLATFORM} for images with CUDA; received {platform}. Leave --gpu out, "
            f"or pass --platform {GPU_PLATFORM} where this engine can build for it."
        )


def own_platform(engine: docker.DockerClient) -> str:
    """Return the platform that the engine itself runs on."""
    version = engine.version()
    return f"{version['Os']}/{version['Arch']}"


def platform_of(engine: docker.DockerClient, reference: str) -> str:
    """Return the platform of an image that the engine has."""
    attributes = engine.images.get(reference).attrs
    return f"{attributes['Os']}/{attributes['Architecture']}"


def require_platform(
    engine: docker.DockerClient, reference: str, platform: str, python_image: str
) -> None:
    """Hold an image against the platform that was asked for.

    An engine may take what it has of `python_image` for any platform, without a word.

    Raises:
        UserError: it is made for another one.
    """
    found = platform_of(engine, reference)
    if found != platform:
        raise UserError(
            f"{reference}: expected an image for {platform}; the one that Docker has here is for "
            f"{found}. Fetch the other one with `docker pull --platform {platform} {python_image}` "
            "or pass --base with an image for it, and build again."
        )
