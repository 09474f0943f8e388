"""Images that the nodes of a cluster can pull."""

import re
from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.images import LOOPBACK, images, registry_host
from sightline.targets.kfp.settings import KubeflowTarget


def registry(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Look at whether a registry of this machine can mean the same to the cluster's nodes."""
    is_here = LOOPBACK.fullmatch(re.sub(r"^https?://|/.*$", "", target.host))
    for task, image in images(checked):
        host = registry_host(image)
        if LOOPBACK.fullmatch(host):
            report = warning if is_here else problem
            message = f"expected a registry that the cluster reaches; received {host}"
            remedy = (
                "Push to a registry with an address of its own; only a cluster on this machine "
                "may know this one, as kind can."
            )
            yield report("image-registry", task.name, message, remedy)
