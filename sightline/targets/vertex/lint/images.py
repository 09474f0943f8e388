"""Images that Vertex AI can pull."""

import re
from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.images import LOOPBACK, images, registry_host
from sightline.targets.vertex.settings import VertexTarget

# "Custom containers overview": Artifact Registry or Docker Hub; gcr.io is served by the former.
REGISTRIES = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev|([a-z]+\.)?gcr\.io|docker\.io")


def registry(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Look at whether Vertex AI can pull an image at all."""
    for task, image in images(checked):
        host = registry_host(image)
        message = f"expected an image in Artifact Registry or on Docker Hub; received {host}"
        remedy = (
            f"Push it to {target.location}-docker.pkg.dev/{target.project}/REPOSITORY and set "
            f"targets.{checked.target_name}.registry."
        )
        if LOOPBACK.fullmatch(host):
            yield problem("image-registry", task.name, message, remedy)
        elif image and not REGISTRIES.fullmatch(host):
            yield warning("image-registry", task.name, message, remedy)
