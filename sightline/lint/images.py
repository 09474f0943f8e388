"""Images: pinned, pushed, from this code, and where the target can pull them."""

import re
from collections.abc import Iterator

from sightline.images.record import PushedImage
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.pushing import push_remedy
from sightline.package.reading.package_task import PackageTask
from sightline.project.target import RemoteTarget

RULE = "image"
LOCAL_PREFIX = "sightline/"
LOAD = (
    "Load the images again after each `sightline images build` (docs/clusters.md, section 3), and "
    "add --no-cache to the next submit: a cluster cannot see that an image changed."
)
PLATFORM = "linux/amd64"
LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
DOCKER_HUB = "docker.io"
NOT_PUSHED = "expected a pushed image; received the name of one on this machine"


def images(checked: Checked) -> Iterator[tuple[PackageTask, str]]:
    """Yield each container task and its image; empty where only the run knows it."""
    for task in checked.tasks:
        if task.container:
            yield task, checked.image(task)


def registry_host(image: str) -> str:
    """Return the host that an image is pulled from; Docker Hub where the name has none."""
    first, slash, _ = image.partition("/")
    return first if slash and (re.search(r"[.:]", first) or first == "localhost") else DOCKER_HUB


def pinned(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse images that are not on any registry, or that may change under the same name."""
    for task, image in images(checked):
        name = image.rpartition("/")[2]
        if not image:
            message = "its image is known only when the run starts, so it is not checked"
            yield warning(RULE, task.name, message, "Give the image when compiling.")
        elif "@sha256:" in image:
            continue
        elif image.startswith(LOCAL_PREFIX) and target.has_images_of_this_machine:
            message = "named as on this machine: what runs is what was last loaded into the nodes"
            yield warning(RULE, task.name, message, LOAD)
        elif image.startswith(LOCAL_PREFIX):
            remedy = f"Such names exist on this machine alone. {push_remedy(checked, target)}"
            yield problem(RULE, task.name, NOT_PUSHED, remedy)
        elif ":" not in name or name.endswith(":latest"):
            message = f"expected an image by digest; received {image}"
            yield problem(RULE, task.name, message, _digest(task, checked, target))
        else:
            message = f"expected an image by digest; received {image}"
            yield warning(RULE, task.name, message, _digest(task, checked, target))


def is_not_pushed(finding: Finding) -> bool:
    """Tell whether all that is wrong is that an image waits on this machine."""
    return (finding.rule, finding.message) == (RULE, NOT_PUSHED)


def of_this_target(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Warn of a stage's image that another target's registry holds."""
    registry = target.registry.rstrip("/")
    for task, image in images(checked):
        pushed = "@sha256:" in image and task.stage
        if pushed and registry and not image.startswith(f"{registry}/"):
            message = f"expected an image of {registry}; received {image.partition('@')[0]}"
            remedy = f"Compile again for this target. {push_remedy(checked, target)}"
            yield warning("image-registry", task.name, message, remedy)


def as_recorded(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Hold a stage's image against what is known of it: that it was pushed, from what, for what."""
    if checked.images is None:
        return
    for task, image in images(checked):
        if task.stage and "@sha256:" in image:
            if image in checked.recorded:
                yield from _against_record(checked, target, task, checked.recorded[image])
            else:
                message = "its image is not among those that were pushed from here"
                yield warning("image-record", task.name, message, push_remedy(checked, target))


def _against_record(
    checked: Checked, target: RemoteTarget, task: PackageTask, image: PushedImage
) -> Iterator[Finding]:
    now = (checked.contents or {}).get(task.stage)
    if now is not None and now != image.content:
        message = "its image was pushed from other code than is here now"
        yield warning("image-content", task.name, message, push_remedy(checked, target))
    if image.platform != PLATFORM:
        report = warning if target.has_mixed_nodes else problem
        message = f"expected an image for {PLATFORM}; received one for {image.platform}"
        remedy = f"{push_remedy(checked, target)} Add --platform {PLATFORM}."
        yield report("image-platform", task.name, message, remedy)


def _digest(task: PackageTask, checked: Checked, target: RemoteTarget) -> str:
    if task.stage:
        return push_remedy(checked, target)
    return (
        "A tag may mean another image tomorrow. Write NAME@sha256:DIGEST; `docker buildx "
        "imagetools inspect NAME` shows the digest."
    )
