"""Places that tasks on Vertex AI can read and write."""

from collections.abc import Iterator

from sightline.ground.storage.addresses import scheme_of
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.places import is_below, local_path, places, shown
from sightline.lint.reach import READABLE, RULE, STORES, unreadable
from sightline.targets.vertex.settings import VertexTarget


def inputs(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse what is not in Cloud Storage, which tasks see below /gcs."""
    for task, name, location, value in places(checked):
        where = checked.task_where(task, name)
        scheme = scheme_of(value)
        is_folder = location.folder
        remedy = f"Give /gcs/{target.bucket}/..." if is_folder else f"Give gs://{target.bucket}/..."
        remedy += f" in targets.{checked.target_name}.settings.{task.stage}.{name}."
        if scheme in ("", "file"):
            if not is_below(local_path(value), "/gcs"):
                message = f"expected a place in Cloud Storage; received the path {value}"
                yield problem(RULE, where, message, remedy)
        elif is_folder and scheme not in STORES:
            message = f"expected the folder below /gcs or at gs://; received {shown(value)}"
            yield problem(RULE, where, message, remedy)
        elif scheme not in READABLE:
            yield unreadable(where, scheme)
        elif scheme == "s3":
            message = "s3:// needs keys, and a task on Vertex AI has no secret to take them from"
            yield warning(RULE, where, message, f"Copy the data to Cloud Storage. {remedy}")
