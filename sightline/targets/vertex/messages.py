"""The messages that start jobs and create schedules, the same for sending and for showing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sightline.clouds.google.problems import message_of
from sightline.engines.engine import Request, Submission
from sightline.ground.errors import UserError, nearest
from sightline.package.compiled import Package
from sightline.package.reading.signature import read_signature
from sightline.package.reading.specification import read_documents
from sightline.runs.records import Value
from sightline.schedules.schedule import ScheduleRequest
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.names import (
    CACHE_LABEL,
    CATCH_UP_LABEL,
    PIPELINE_LABEL,
    VERSION_LABEL,
    job_id,
    label_value,
    pipeline_label,
    root_of,
    run_title,
    schedule_title,
)
from sightline.targets.vertex.settings import VertexTarget

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import (
        CreatePipelineJobRequest,
        CreateScheduleRequest,
        PipelineJob,
    )


def job_request(service: Service, submission: Submission) -> "CreatePipelineJobRequest":
    """Return the message that starts a run."""
    from google.cloud.aiplatform_v1 import CreatePipelineJobRequest

    expect_one_document(submission.package)
    signature = read_signature(submission.package)
    return CreatePipelineJobRequest(
        parent=service.parent,
        pipeline_job_id=job_id(submission.run_name),
        pipeline_job=_job(
            service,
            submission.package,
            title=run_title(submission.run_name),
            parameters=signature.check(submission.parameters),
            cache=submission.cache,
        ),
    )


def expect_one_document(package: Package) -> None:
    """Refuse a package that the SDK cannot load.

    Raises:
        UserError: it has a second YAML document.
    """
    documents = read_documents(package.path)
    if len(documents) > 1:
        raise UserError(
            f"{package.path}: expected one YAML document, as Vertex AI takes; received "
            f"{len(documents)}: the others hold settings for Kubernetes. Compile it for this "
            "target with `sightline compile --target NAME`."
        )


def schedule_request(
    service: Service, wanted: ScheduleRequest, package: Package
) -> "CreateScheduleRequest":
    """Return the message that creates a schedule; it holds the whole job that each fire starts."""
    from google.cloud.aiplatform_v1 import CreatePipelineJobRequest, CreateScheduleRequest, Schedule

    expect_one_document(package)
    signature = read_signature(package)
    job = _job(
        service,
        package,
        title=schedule_title(wanted.name),
        parameters=signature.check(wanted.parameters),
    )
    if wanted.catch_up:
        # The service takes this only when a schedule is resumed, and must remember it till then.
        job.labels[CATCH_UP_LABEL] = "true"
    return CreateScheduleRequest(
        parent=service.parent,
        schedule=Schedule(
            display_name=wanted.name,
            cron=f"TZ={wanted.zone.key} {wanted.cron.expression}",
            start_time=wanted.start,
            end_time=wanted.end,
            # The first limits how many jobs may be starting, the second how many may be running.
            max_concurrent_run_count=wanted.max_concurrent,
            max_concurrent_active_run_count=wanted.max_concurrent,
            allow_queueing=False,
            create_pipeline_job_request=CreatePipelineJobRequest(
                parent=service.parent, pipeline_job=job
            ),
        ),
    )


def describe_job_request(service: Service, request: "CreatePipelineJobRequest") -> Request:
    """Return a run's message as it goes over the wire."""
    return Request(
        method="POST",
        address=f"{service.address}/v1/{request.parent}/pipelineJobs"
        f"?pipelineJobId={request.pipeline_job_id}",
        body=_json(request.pipeline_job),
    )


def describe_schedule_request(service: Service, request: "CreateScheduleRequest") -> Request:
    """Return a schedule's message as it goes over the wire."""
    return Request(
        method="POST",
        address=f"{service.address}/v1/{request.parent}/schedules",
        body=_json(request.schedule),
    )


def _job(
    service: Service,
    package: Package,
    *,
    title: str,
    parameters: Mapping[str, Value],
    cache: bool = True,
) -> "PipelineJob":
    from google.cloud import aiplatform_v1

    target = service.target
    _expect_location(service)
    with _refusal_of(service, package):
        built = _sdk_job(target, package, title, parameters, cache)
    key = target.encryption_key
    return aiplatform_v1.PipelineJob(
        display_name=title,
        pipeline_spec=built.pipeline_spec,
        runtime_config=built.runtime_config,
        labels={
            **target.labels,
            PIPELINE_LABEL: pipeline_label(package.name),
            VERSION_LABEL: label_value(package.version),
            CACHE_LABEL: "on" if cache else "off",
        },
        service_account=target.service_account,
        network=target.network,
        encryption_spec=aiplatform_v1.EncryptionSpec(kms_key_name=key) if key else None,
    )


def _expect_location(service: Service) -> None:
    from google.cloud.aiplatform.constants.base import SUPPORTED_REGIONS

    location = service.target.location
    if location not in SUPPORTED_REGIONS:
        guess = nearest(location, sorted(SUPPORTED_REGIONS))
        raise service.problem(
            f"expected a location that Google's SDK knows for Vertex AI; received {location}. "
            + (f"Did you mean {guess}? " if guess else "")
            + f"Change targets.{service.name}.location."
        )


@contextmanager
def _refusal_of(service: Service, package: Package) -> Iterator[None]:
    """Tell what Google's SDK says about a package that it does not take."""
    try:
        yield
    except ValueError as error:
        raise service.problem(
            f"expected a package that Google's SDK takes; it refuses {package.path} "
            f"({message_of(error)}). Correct what it names, and compile the package again."
        ) from error


def _sdk_job(
    target: VertexTarget,
    package: Package,
    title: str,
    parameters: Mapping[str, Value],
    cache: bool,
) -> Any:
    """Let Google's SDK read the package; its own way of sending is not used.

    `PipelineJob.submit` creates the bucket if it is missing and logs tracebacks.
    """
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import aiplatform

    aiplatform.init(project=target.project, location=target.location, api_transport="rest")
    return aiplatform.PipelineJob(
        display_name=title,
        template_path=str(package.path),
        # Not sent. The SDK would make one from the pipeline's name, and refuse a digit in front.
        job_id="not-sent",
        pipeline_root=root_of(target),
        parameter_values=dict(parameters),
        enable_caching=None if cache else False,
        failure_policy=target.failure_policy,
        project=target.project,
        location=target.location,
        # Nothing is sent from here, so nobody needs to sign in to see what would be.
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
    )


def _json(message: Any) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    # Google's client writes enums as numbers.
    found: dict[str, Any] = MessageToDict(type(message).pb(message), use_integers_for_enums=True)
    return found
