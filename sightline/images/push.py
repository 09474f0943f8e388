"""Push built images to a registry, and record under which digests they are there."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker

from sightline import __version__
from sightline.images.build import BuiltImage, Report, connect
from sightline.images.progress import PushProgress
from sightline.images.record import PushedImage, read_images, write_images
from sightline.images.registry import (
    ENGINE_ERRORS,
    check_registry,
    is_unreachable,
    refused,
    repository_name,
)


def push_images(
    images: Sequence[BuiltImage], registry: str, record: Path, report: Report
) -> list[PushedImage]:
    """Push images, each under what it is made from, and record each as soon as it is there.

    What the registry has already, byte for byte, is recorded without a push.

    Raises:
        UserError: the registry or its record refuses; what was pushed before stays recorded.
    """
    registry = check_registry(registry)
    pushed = []
    with closing(connect()) as engine:
        for image in images:
            digest = push_image(engine, image, registry, report)
            found = PushedImage(
                reference=f"{repository_name(registry, image.stage)}@{digest}",
                content=image.content,
                python_image=image.python_image,
                platform=image.platform,
                gpu=image.gpu,
                version=__version__,
                pushed=datetime.now(UTC).replace(microsecond=0),
            )
            # Read again each time: another build may have written in the minutes of a push.
            write_images(record, read_images(record).with_image(registry, image.stage, found))
            pushed.append(found)
    return pushed


def check_reachable(registry: str) -> None:
    """Ask a registry for anything, before minutes go into building.

    Raises:
        UserError: nothing can be pushed there.
    """
    registry = check_registry(registry)
    with closing(connect()) as engine, warnings.catch_warnings():
        # The SDK warns of a missing password program and raises, which says the same.
        warnings.simplefilter("ignore", UserWarning)
        try:
            engine.images.get_registry_data(f"{registry}/sightline:latest")
        except ENGINE_ERRORS as error:
            # Others wait for the push: some registries deny what does not exist yet.
            if is_unreachable(error):
                raise refused(registry, error) from error


def push_image(
    engine: docker.DockerClient, image: BuiltImage, registry: str, report: Report
) -> str:
    """Make sure that a registry has an image, and return its digest there.

    Raises:
        UserError: the registry refuses; with what it said and a remedy.
    """
    name = repository_name(registry, image.stage)
    target = f"{name}:{image.content}"
    there = _digest_there(engine, target)
    if there and there in _known_digests(engine, image.id):
        report(f"{target}: there already, {there}")
        return there
    if there:
        report(f"{target}: made elsewhere, or on another day, with other bytes; replacing it")
    report(f"{target}: pushing")
    engine.api.tag(image.id, name, image.content)
    progress = PushProgress(target, report)
    try:
        messages = engine.api.push(name, tag=image.content, stream=True, decode=True)
        digest = _follow(messages, registry, progress)
    except ENGINE_ERRORS as error:
        raise refused(registry, error) from error
    report(f"{target}: {progress.summary()}, {digest}")
    return digest


def _digest_there(engine: docker.DockerClient, target: str) -> str | None:
    try:
        return str(engine.images.get_registry_data(target).id)
    except ENGINE_ERRORS:
        # Not there, or this account may write without reading: the push gives the true answer.
        return None


def _known_digests(engine: docker.DockerClient, image_id: str) -> set[str]:
    known = engine.images.get(image_id).attrs.get("RepoDigests") or ()
    return {name.partition("@")[2] for name in known}


def _follow(messages: Iterable[Mapping[str, Any]], registry: str, progress: PushProgress) -> str:
    digest = ""
    for message in messages:
        if "error" in message:
            raise refused(registry, message["error"])
        digest = message.get("aux", {}).get("Digest", digest)
        progress.take(message)
    if not digest:
        raise RuntimeError(f"{registry}: the push ended without a digest")
    return digest
