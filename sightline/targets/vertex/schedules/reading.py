"""What Vertex AI knows about a schedule, in Sightline's words."""

import re
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sightline.runs.records import RunRecord
from sightline.schedules.schedule import Schedule, State
from sightline.targets.vertex.api.service import Service
from sightline.targets.vertex.names import (
    CATCH_UP_LABEL,
    PIPELINE_LABEL,
    pipeline_label,
    schedule_page,
)
from sightline.targets.vertex.runs import list_jobs, read_run
from sightline.targets.vertex.values import as_json, moment

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import Schedule as Message

_STATES: dict[str, State] = {"ACTIVE": "active", "PAUSED": "paused", "COMPLETED": "ended"}
_CRON = re.compile(r"(?:CRON_)?TZ=(?P<zone>\S+)\s+(?P<fields>.+)")


def read_schedule(service: Service, message: "Message") -> Schedule:
    """Read a schedule, and which run it started last."""
    found = as_json(message)
    schedule_id = str(message.name).rpartition("/")[2]
    zone, fields = _split_cron(message.cron)
    job = found.get("createPipelineJobRequest", {}).get("pipelineJob", {})
    state = state_of(message)
    next_run = moment(found.get("nextRunTime")) if state == "active" else None
    last = _last_run(service, message)
    return Schedule(
        id=schedule_id,
        name=message.display_name,
        cron=fields,
        zone=zone,
        state=state,
        next_runs=(_in_zone(next_run, zone),) if next_run else (),
        last_run=last.id if last else None,
        last_result=last.status if last else None,
        created=moment(found.get("createTime")),
        catch_up=catches_up(message),
        max_concurrent=message.max_concurrent_active_run_count or message.max_concurrent_run_count,
        url=schedule_page(service.target, schedule_id),
        parameters=job.get("runtimeConfig", {}).get("parameterValues", {}),
        num_runs=message.started_run_count,
    )


def state_of(message: "Message") -> State:
    """Return whether a schedule fires."""
    return _STATES.get(message.state.name, "active")


def is_ours(service: Service, message: "Message") -> bool:
    """Tell whether a schedule is one of the project's pipeline."""
    labels = message.create_pipeline_job_request.pipeline_job.labels
    return bool(labels.get(PIPELINE_LABEL) == pipeline_label(service.pipeline))


def catches_up(message: "Message") -> bool:
    """Tell whether fires that are missed while a schedule is paused are made up for."""
    labels = message.create_pipeline_job_request.pipeline_job.labels
    return bool(message.catch_up) or labels.get(CATCH_UP_LABEL) == "true"


def _last_run(service: Service, message: "Message") -> RunRecord | None:
    if not message.started_run_count:
        return None
    jobs = list_jobs(service, f'schedule_name="{message.name}"', limit=1)
    return read_run(service, jobs[0]) if jobs else None


def _split_cron(text: str) -> tuple[str, str]:
    match = _CRON.fullmatch(text.strip())
    return (match["zone"], match["fields"]) if match else ("UTC", text.strip())


def _in_zone(when: datetime, zone: str) -> datetime:
    try:
        return when.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return when
