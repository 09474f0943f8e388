"""Places that pods can read and write."""

from collections.abc import Iterator

from sightline.ground.storage.addresses import scheme_of
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.places import environment_of, is_below, local_path, mounted, places, shown
from sightline.lint.reach import READABLE, RULE, STORES, root_of, unreadable
from sightline.package.reading.package_task import PackageTask
from sightline.project.stages import Location
from sightline.targets.kfp.settings import KubeflowTarget

AWS_VARIABLE = "AWS_ACCESS_KEY_ID"
GOOGLE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"


def inputs(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse paths outside the volumes of a task, and look for the keys that a store needs."""
    for task, name, location, value in places(checked):
        where = checked.task_where(task, name)
        scheme = scheme_of(value)
        if scheme in ("", "file"):
            mounts = mounted(task)
            if not any(is_below(local_path(value), mount) for mount in mounts):
                message = (
                    f"expected a place that {task.stage} reaches in the cluster; received the path "
                    f"{value}"
                )
                yield problem(RULE, where, message, _remedy(checked, location))
        elif location.folder and scheme not in STORES:
            message = f"expected a folder on a volume, at gs:// or s3://; received {shown(value)}"
            yield problem(RULE, where, message, _remedy(checked, location))
        elif scheme not in READABLE:
            yield unreadable(where, scheme)
        else:
            yield from _keys(checked, target, task, where, scheme)


def pipeline_root(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Warn where only the installation knows where artifacts go."""
    if not root_of(checked, target):
        where = f"targets.{checked.target_name}.pipeline_root"
        message = "not set: artifacts go where the installation keeps them, which is unknown here"
        remedy = f"Set {where}, such as s3://BUCKET/runs, to fetch artifacts with Sightline."
        yield warning("pipeline-root", where, message, remedy)


def _keys(
    checked: Checked, target: KubeflowTarget, task: PackageTask, where: str, scheme: str
) -> Iterator[Finding]:
    variable = {"s3": AWS_VARIABLE, "gs": GOOGLE_VARIABLE, "gcs": GOOGLE_VARIABLE}.get(scheme)
    if variable is None or variable in environment_of(task) or target.service_account:
        return
    message = f"{scheme}:// without keys: {task.name} has no {variable} and no service account"
    remedy = (
        f"Name a secret in targets.{checked.target_name}.kubernetes"
        f".{'secrets_as_environment' if scheme == 's3' else 'secrets_as_volumes'}, or set "
        f"targets.{checked.target_name}.service_account; nothing to do for public data."
    )
    yield warning("credentials", where, message, remedy)


def _remedy(checked: Checked, location: Location) -> str:
    volumes = f"targets.{checked.target_name}.kubernetes.volumes"
    if location.folder:
        return (
            f"Name a persistent volume claim in {volumes} and give a folder on it, or an s3:// or "
            "gs:// address."
        )
    return (
        f"Give an s3://, gs:// or https:// address in targets.{checked.target_name}.settings, or "
        f"a path on a volume of {volumes}."
    )
