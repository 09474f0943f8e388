"""Runs on Vertex AI: list them, read one, stop one."""

import itertools
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sightline.engines.engine import RunFilter
from sightline.engines.outputs import add_outcomes
from sightline.ground.errors import shorten
from sightline.ground.run_states import ENDED, RunStatus
from sightline.runs.records import RunRecord, TaskRecord, Value
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.names import (
    PIPELINE_LABEL,
    job_id,
    pipeline_label,
    root_of,
    run_page,
)
from sightline.targets.vertex.settings import VertexTarget
from sightline.targets.vertex.tasks import read_tasks
from sightline.targets.vertex.values import as_json, moment, typed

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import PipelineJob

LATEST = "latest"
_SEARCHED = 200
"""How many of the newest runs are searched for a part of a name."""
# What the service gives in a listing without looking up every job: Google's SDK asks for the same.
_LISTED = (
    "name",
    "display_name",
    "state",
    "create_time",
    "start_time",
    "end_time",
    "labels",
    "pipeline_spec.pipeline_info",
)
_STATES: dict[str, RunStatus] = {
    "PIPELINE_STATE_QUEUED": "waiting",
    "PIPELINE_STATE_PENDING": "waiting",
    "PIPELINE_STATE_RUNNING": "running",
    "PIPELINE_STATE_CANCELLING": "running",
    "PIPELINE_STATE_PAUSED": "waiting",
    "PIPELINE_STATE_SUCCEEDED": "succeeded",
    "PIPELINE_STATE_FAILED": "failed",
    "PIPELINE_STATE_CANCELLED": "cancelled",
}


def list_runs(service: Service, wanted: RunFilter) -> list[RunRecord]:
    """List the runs of the project's pipeline or of the wanted one, newest first, without tasks."""
    label = pipeline_label(wanted.pipeline or service.pipeline)
    jobs = list_jobs(service, f'labels.{PIPELINE_LABEL}="{label}"', wanted.limit)
    records = [read_run(service, job) for job in jobs]
    if wanted.figures:
        folders = [_folder(service.target, job) for job in jobs]
        add_outcomes(list(zip(records, folders, strict=True)), service.target)
    return records


def _folder(target: VertexTarget, job: "PipelineJob") -> str:
    """Return where a job's artifacts lie; the service names the project by its number there."""
    _, number, *_, run_id = job.name.split("/")
    return f"{root_of(target)}/{number}/{run_id}"


def list_jobs(service: Service, condition: str, limit: int) -> list["PipelineJob"]:
    """List the newest jobs that a filter of the service lets through."""
    from google.cloud.aiplatform_v1 import ListPipelineJobsRequest
    from google.protobuf.field_mask_pb2 import FieldMask

    request = ListPipelineJobsRequest(
        parent=service.parent,
        filter=condition,
        page_size=min(limit, 100),
        order_by="create_time desc",
        read_mask=FieldMask(paths=_LISTED),
    )

    def read() -> list["PipelineJob"]:
        pages = service.pipelines.list_pipeline_jobs(
            request=request, retry=None, timeout=service.patience.answer_seconds
        )
        return list(itertools.islice(pages, limit))

    return service.ask("list runs", read) if limit else []


def find_run(service: Service, text: str) -> RunRecord:
    """Return the run with this id, name, unique part of one, or the newest for `latest`.

    A whole id opens any job; everything else looks among the runs of the project's pipeline.

    Raises:
        UserError: there is none, or more than one.
    """
    return read_run(service, _find_job(service, text))


def _find_job(service: Service, text: str) -> "PipelineJob":
    if text == LATEST:
        newest = list_runs(service, RunFilter(limit=1))
        if not newest:
            raise service.problem(
                f"expected a run of pipeline {service.pipeline}; there is none yet. Start one with "
                f"`sightline submit{service.options}`."
            )
        text = newest[0].id
    job = _get(service, job_id(text.rpartition("/")[2])) or _get(service, _search(service, text))
    if job is None:
        raise service.problem(f"run {text} was there a moment ago and is deleted now.")
    return job


def cancel_run(service: Service, run_id: str) -> None:
    """Stop a run of the project's pipeline.

    Raises:
        UserError: there is no such run, it is of another pipeline, or it is over.
    """
    job = _find_job(service, run_id)
    _expect_ours(service, job)
    record = read_run(service, job)
    if record.status in ENDED:
        raise service.problem(
            f"run {record.id} is over ({record.status}); there is nothing to stop."
        )
    service.ask(
        f"stop run {record.id}",
        lambda: service.pipelines.cancel_pipeline_job(
            name=f"{service.parent}/pipelineJobs/{record.id}",
            retry=None,
            timeout=service.patience.answer_seconds,
        ),
    )


def _expect_ours(service: Service, job: "PipelineJob") -> None:
    owner = job.labels.get(PIPELINE_LABEL)
    if owner != pipeline_label(service.pipeline):
        raise service.problem(
            f"expected a run of pipeline {service.pipeline}; run {job.name.rpartition('/')[2]} is "
            + (f"of pipeline {owner}" if owner else "not one that Sightline started")
            + ". Stop it where it was started."
        )


def read_run(service: Service, job: "PipelineJob") -> RunRecord:
    """Read a job, or an entry of a listing, as a run record."""
    found = as_json(job)
    spec = found.get("pipelineSpec", {})
    run_id = str(found["name"]).rpartition("/")[2]
    status = _STATES.get(found.get("state", ""), "waiting")
    details = found.get("jobDetail", {}).get("taskDetails", ())
    # A listing has the name of the pipeline and nothing else of it.
    tasks = read_tasks(spec, details, status in ENDED) if "root" in spec else []
    started = moment(found.get("startTime") or found.get("createTime"))
    return RunRecord(
        id=run_id,
        name=found.get("displayName"),
        url=run_page(service.target, run_id),
        pipeline=str(spec.get("pipelineInfo", {}).get("name", "")),
        status=status,
        launcher="vertex",
        parameters=_parameters(found, spec),
        started=started or datetime.fromtimestamp(0, UTC),
        finished=moment(found.get("endTime")),
        tasks={task.name: task for task in tasks},
        failure=_failure(found, status, tasks),
    )


def _get(service: Service, run_id: str) -> "PipelineJob | None":
    from google.api_core.exceptions import NotFound

    def get() -> "PipelineJob | None":
        try:
            return service.pipelines.get_pipeline_job(
                name=f"{service.parent}/pipelineJobs/{run_id}",
                retry=None,
                timeout=service.patience.answer_seconds,
            )
        except NotFound:
            return None

    return service.ask(f"read run {run_id}", get)


def _search(service: Service, text: str) -> str:
    """Return the id of the one run whose id or name has this text in it."""
    records = list_runs(service, RunFilter(limit=_SEARCHED))
    hits = [record for record in records if text in record.id or text in (record.name or "")]
    hits = [record for record in hits if record.name == text] or hits
    if len(hits) == 1:
        return hits[0].id
    if hits:
        raise service.problem(
            f"expected one run with {text} in its name; received {len(hits)}: "
            f"{shorten(record.id for record in hits)}. Give more of the name."
        )
    raise service.problem(
        f"run {text}: expected a run of pipeline {service.pipeline}; there is none with this name "
        f"or id. `sightline runs{service.options}` lists them."
    )


def _parameters(found: dict[str, Any], spec: dict[str, Any]) -> dict[str, Value]:
    """Return the value of every pipeline parameter: the default unless the run has its own."""
    declared = spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
    given = found.get("runtimeConfig", {}).get("parameterValues", {})
    values = {
        name: typed(given.get(name, item.get("defaultValue")), item.get("parameterType", ""))
        for name, item in declared.items()
        if name in given or "defaultValue" in item
    }
    return dict(sorted(values.items()))


def _failure(found: dict[str, Any], status: RunStatus, tasks: list[TaskRecord]) -> str | None:
    if status != "failed":
        return None
    failed = next((task for task in tasks if task.status == "failed"), None)
    message = (failed.message if failed else None) or found.get("error", {}).get("message")
    text = re.sub(r"\s+", " ", message or "the service gives no reason").strip()
    return f"{failed.name}: {text}" if failed else text
