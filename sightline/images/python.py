"""A Python image from Debian packages, for machines that cannot pull one."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import docker

from sightline.ground.errors import UserError

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def debian_image(
    engine: docker.DockerClient, repository: Path, report: Callable[[str], None]
) -> str:
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
