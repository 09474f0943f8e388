"""How much a target takes."""

from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.project.target import RemoteTarget

RULE = "size"
MIB = 1 << 20
# Argo keeps a workflow in one object of etcd, which takes 1.5 MiB; Vertex AI publishes no limit.
LARGE_BYTES = MIB
REMEDY = "Move what is embedded in it (code, data, long descriptions) into an image or a bucket."


def package(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse a package that the target does not take, and warn of one that may not fit there."""
    received = f"received {checked.size_bytes / MIB:.1f} MiB"
    if checked.size_bytes > target.largest_package_bytes:
        message = f"expected up to {target.largest_package_bytes / MIB:.0f} MiB; {received}"
        yield problem(RULE, "package", message, REMEDY)
    elif checked.size_bytes > LARGE_BYTES:
        message = f"expected about 1 MiB at most; {received}"
        yield warning(RULE, "package", message, REMEDY)
