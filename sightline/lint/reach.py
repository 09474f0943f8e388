"""Reach: whether tasks can read and write the places that settings name."""

from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.places import (
    environment_of,
    is_below,
    local_path,
    mounted,
    places,
    scheme_of,
    shown,
)
from sightline.package.reading.tasks import PackageTask
from sightline.project.stages import Location, locations
from sightline.targets.kinds import KubeflowTarget, RemoteTarget, VertexTarget

RULE = "reach"
READABLE = ("gs", "gcs", "s3", "https", "http")
# What reads a model folder takes paths alone, as what writes one does.
FOLDERS = frozenset((("evaluate", "champion"),))
AWS_VARIABLE = "AWS_ACCESS_KEY_ID"
GOOGLE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
ROOT_SCHEMES = ("s3", "minio", "gs")


def on_kubeflow(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
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
                yield problem(RULE, where, message, _kubeflow_remedy(checked, task, name, location))
        elif _is_folder(task, name, location):
            message = f"expected a folder on a volume; received {shown(value)}"
            yield problem(RULE, where, message, _kubeflow_remedy(checked, task, name, location))
        elif scheme not in READABLE:
            yield _unreadable(where, scheme)
        else:
            yield from _keys(checked, target, task, where, scheme)


def on_vertex(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse what is not in Cloud Storage, which tasks see below /gcs."""
    bucket = target.staging_bucket.removeprefix("gs://").rstrip("/")
    for task, name, location, value in places(checked):
        where = checked.task_where(task, name)
        scheme = scheme_of(value)
        is_folder = _is_folder(task, name, location)
        remedy = f"Give /gcs/{bucket}/..." if is_folder else f"Give gs://{bucket}/..."
        remedy += f" in targets.{checked.target_name}.settings.{task.stage}.{name}."
        if scheme in ("", "file"):
            if not is_below(local_path(value), "/gcs"):
                message = f"expected a place in Cloud Storage; received the path {value}"
                yield problem(RULE, where, message, remedy)
        elif is_folder:
            message = f"expected the folder as a path below /gcs; received {shown(value)}"
            yield problem(RULE, where, message, remedy)
        elif scheme not in READABLE:
            yield _unreadable(where, scheme)
        elif scheme == "s3":
            message = "s3:// needs keys, and a task on Vertex AI has no secret to take them from"
            yield warning(RULE, where, message, f"Copy the data to Cloud Storage. {remedy}")


def variables(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse the name of an environment variable that the task does not have."""
    known = locations()
    for task in checked.tasks:
        for name in task.parameters:
            location = known.get((task.component, name))
            value = checked.value(task, name)
            prefix = "env:"
            if location and prefix in location.prefixes and str(value).startswith(prefix):
                variable = str(value).removeprefix(prefix)
                if variable not in environment_of(task):
                    message = f"expected a variable that {task.name} has; received {variable}"
                    remedy = _variable_remedy(checked, target, variable)
                    yield problem(RULE, checked.task_where(task, name), message, remedy)


def pipeline_root(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Look at where the runs keep their artifacts."""
    where = f"targets.{checked.target_name}.pipeline_root"
    root = target.pipeline_root or str(checked.documents[0].get("defaultPipelineRoot", ""))
    allowed = ROOT_SCHEMES if isinstance(target, KubeflowTarget) else ("gs",)
    if root and scheme_of(root) not in allowed:
        words = " or ".join(f"{scheme}://" for scheme in allowed)
        message = f"expected an address that begins with {words}; received {shown(root)}"
        yield problem(RULE, where, message, "Name a bucket that the tasks may write to.")
    elif not root and isinstance(target, KubeflowTarget):
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


def _variable_remedy(checked: Checked, target: RemoteTarget, variable: str) -> str:
    if isinstance(target, KubeflowTarget):
        place = f"targets.{checked.target_name}.kubernetes.secrets_as_environment"
        return f"Add a secret to {place} whose key becomes {variable}."
    return "Put the value into a file in a bucket and give its gs:// address in its place."


def _kubeflow_remedy(checked: Checked, task: PackageTask, name: str, location: Location) -> str:
    volumes = f"targets.{checked.target_name}.kubernetes.volumes"
    if _is_folder(task, name, location):
        return f"Name a persistent volume claim in {volumes} and give a folder on it."
    return (
        f"Give an s3://, gs:// or https:// address in targets.{checked.target_name}.settings, or "
        f"a path on a volume of {volumes}."
    )


def _is_folder(task: PackageTask, name: str, location: Location) -> bool:
    return location.access == "write" or (task.component, name) in FOLDERS


def _unreadable(where: str, scheme: str) -> Finding:
    words = ", ".join(f"{known}://" for known in ("gs", "s3", "https"))
    message = f"expected {words} or a path; received {scheme}://"
    remedy = "Write s3:// and set AWS_ENDPOINT_URL for a store of your own, such as MinIO."
    return problem(RULE, where, message, remedy)
