"""Who runs in an image, and giving folders to that user when the runner is root."""

import io
import os
import tarfile
from pathlib import Path

from docker import DockerClient
from docker.errors import NotFound
from docker.models.containers import Container


def give(folder: Path, uid: int, gid: int) -> None:
    """Let a user write a folder and everything in it."""
    os.chown(folder, uid, gid)
    for path in folder.rglob("*"):
        os.chown(path, uid, gid, follow_symlinks=False)


def user_of_image(client: DockerClient, image: str) -> tuple[int, int]:
    """Return the user and group numbers that an image runs as when nobody asks for others."""
    name = str(client.images.get(image).attrs["Config"].get("User") or "0")
    user, _, group = name.partition(":")
    container = client.containers.create(image, entrypoint=["true"])
    try:
        known = {line[0]: line for line in _table(container, "/etc/passwd")}
        groups = {line[0]: int(line[2]) for line in _table(container, "/etc/group")}
    finally:
        container.remove(force=True)
    uid = int(user) if user.isdecimal() else int(known[user][2])
    if group:
        return uid, int(group) if group.isdecimal() else groups[group]
    own = [int(line[3]) for line in known.values() if int(line[2]) == uid]
    return uid, own[0] if own else 0


def _table(container: Container, path: str) -> list[list[str]]:
    try:
        chunks, _ = container.get_archive(path)
    except NotFound:
        return []
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        member = archive.extractfile(Path(path).name)
        text = member.read().decode() if member else ""
    return [line.split(":") for line in text.splitlines() if line.count(":") >= 3]
