"""What a submission or a schedule would send, and what only when it is not there yet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sightline.engines.engine import Request, Submission
from sightline.engines.sent_file import describe_file
from sightline.package.compiled import Package
from sightline.package.reading.signature import defaults_of, read_signature
from sightline.schedules.schedule import ScheduleRequest
from sightline.targets.kfp.bodies import (
    as_json,
    experiment_body,
    pipeline_body,
    reference_to,
    run_body,
)
from sightline.targets.kfp.names import run_title
from sightline.targets.kfp.schedules.bodies import schedule_body
from sightline.targets.kfp.sent_parameters import sent_parameters
from sightline.targets.kfp.settings import KubeflowTarget
from sightline.targets.kfp.uncached import package_to_send

if TYPE_CHECKING:
    from kfp_server_api import V2beta1PipelineVersion

API = "/apis/v2beta1"


def plan_submission(
    target: KubeflowTarget, experiment: str, submission: Submission
) -> list[Request]:
    """Return what `submit` sends."""
    package = package_to_send(submission)
    signature = read_signature(submission.package)
    body = run_body(
        target,
        name=run_title(submission.run_name),
        experiment_id=_id_of("experiment", experiment),
        version=_version_of(package),
        parameters=sent_parameters(defaults_of(signature.parameters), submission.parameters),
    )
    return [*_uploads(target, experiment, package), _post(target, "runs", as_json(body))]


def plan_schedule(
    target: KubeflowTarget, experiment: str, request: ScheduleRequest, package: Package
) -> list[Request]:
    """Return what creating a schedule sends."""
    body = schedule_body(target, request, package, now=datetime.now(UTC))
    body.experiment_id = _id_of("experiment", experiment)
    body.pipeline_version_reference = _version_of(package)
    return [*_uploads(target, experiment, package), _post(target, "recurringruns", as_json(body))]


def _uploads(target: KubeflowTarget, experiment: str, package: Package) -> list[Request]:
    upload = {
        "name": package.version,
        "pipelineid": _id_of("pipeline", package.name),
        "uploadfile": describe_file(package.path),
    }
    wanted = [
        _post(target, "experiments", as_json(experiment_body(target, experiment))),
        _post(target, "pipelines", as_json(pipeline_body(target, package.name))),
        _post(target, "pipelines/upload_version", upload),
    ]
    return [replace(request, condition="unless it is there") for request in wanted]


def _post(target: KubeflowTarget, path: str, body: Mapping[str, Any]) -> Request:
    return Request(method="POST", address=f"{target.host.rstrip('/')}{API}/{path}", body=body)


def _version_of(package: Package) -> "V2beta1PipelineVersion":
    return reference_to(_id_of("pipeline", package.name), _id_of("version", package.version))


def _id_of(what: str, name: str) -> str:
    """Stand for an id that Kubeflow gives when the thing is created."""
    return f"<id of {what} {name}>"
