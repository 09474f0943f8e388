"""The loopback ScheduleService: schedules in memory, fired when a test says so."""

from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from google.cloud.aiplatform_v1 import (
    ListSchedulesResponse,
    PauseScheduleRequest,
    ResumeScheduleRequest,
    Schedule,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sightline.targets.vertex import wire
from tests.sightline.targets.vertex.checks import check_cron, check_job, check_title
from tests.sightline.targets.vertex.pipeline_jobs import PARENT, PipelineJobs, operation
from tests.sightline.targets.vertex.simulation import NUMBER

State = Schedule.State


@dataclass
class Schedules:
    """Every schedule by its id, in the order of creation."""

    jobs: PipelineJobs
    by_id: dict[str, Any] = field(default_factory=dict)
    reads_until_gone: int = 0
    """How often a deleted schedule is still seen, since deleting takes the service time."""
    resumed: list[tuple[str, bool]] = field(default_factory=list)
    """Ids that were resumed, each with whether missed fires are made up for."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """JSON of every request for a schedule."""
    needs_title: bool = True
    """Whether jobs in schedules need a name; Google's SDK sends none."""

    def routes(self) -> list[Route]:
        schedules, one = f"{PARENT}/schedules", f"{PARENT}/schedules/{{id}}"
        return [
            Route(schedules, self.create, methods=["POST"]),
            Route(schedules, self.list, methods=["GET"]),
            Route(f"{one}:pause", self.pause, methods=["POST"]),
            Route(f"{one}:resume", self.resume, methods=["POST"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    def fire(self, schedule_id: str) -> str:
        """Start a job now, as the schedule does at its time; returns the job's id."""
        schedule = self.by_id[schedule_id]
        request = schedule.create_pipeline_job_request
        schedule.started_run_count += 1
        job = type(request.pipeline_job)()
        job.CopyFrom(request.pipeline_job)
        job.schedule_name = schedule.name
        job_id = f"{schedule_id}-{schedule.started_run_count}"
        location = request.parent.rpartition("/")[2]
        self.jobs.add(location, f"run-{job_id}", job)
        return f"run-{job_id}"

    async def create(self, request: Request) -> Response:
        wire.expect_query(request)
        schedule = await wire.read(request, Schedule)
        self.bodies.append(await request.json())
        check_title(schedule.display_name)
        if schedule.max_concurrent_run_count < 1:
            raise wire.invalid("max_concurrent_run_count: expected at least 1.")
        wanted = schedule.create_pipeline_job_request
        if wanted.parent != request.url.path.removeprefix("/v1/").removesuffix("/schedules"):
            raise wire.invalid(
                f"create_pipeline_job_request.parent: {wanted.parent!r} is not valid."
            )
        if self.needs_title:
            check_title(wanted.pipeline_job.display_name)
        check_job(wanted.pipeline_job, self.jobs.storage.buckets)
        schedule_id = str(4_000_000_000_000_000_000 + len(self.by_id))
        location = request.path_params["location"]
        schedule.name = f"projects/{NUMBER}/locations/{location}/schedules/{schedule_id}"
        schedule.state = State.ACTIVE
        schedule.create_time.GetCurrentTime()
        schedule.next_run_time.FromDatetime(next(check_cron(schedule.cron)).astimezone(UTC))
        self.by_id[schedule_id] = schedule
        return wire.write(request, schedule)

    async def get(self, request: Request) -> Response:
        schedule = self._find(request)
        if schedule.display_name.startswith("deleted ") and not self._still_seen(request):
            raise self._missing(request)
        return wire.write(request, schedule)

    async def list(self, request: Request) -> Response:
        wire.expect_query(request, "filter", "pageSize", "pageToken", "orderBy")
        condition = request.query_params.get("filter", "")
        found = [
            item for item in reversed(self.by_id.values()) if wire.passes(condition, _facts(item))
        ]
        shown, token = wire.page(request, found)
        answer = ListSchedulesResponse.pb(ListSchedulesResponse())
        for schedule in shown:
            answer.schedules.add().CopyFrom(schedule)
        answer.next_page_token = token
        return wire.write(request, answer)

    async def pause(self, request: Request) -> Response:
        await wire.read(request, PauseScheduleRequest)
        self._change(request, State.ACTIVE, State.PAUSED)
        return JSONResponse({})

    async def resume(self, request: Request) -> Response:
        message = await wire.read(request, ResumeScheduleRequest)
        schedule = self._change(request, State.PAUSED, State.ACTIVE)
        schedule.catch_up = message.catch_up
        self.resumed.append((request.path_params["id"], message.catch_up))
        return JSONResponse({})

    async def delete(self, request: Request) -> Response:
        schedule = self._find(request)
        if self.reads_until_gone:
            schedule.display_name = f"deleted {schedule.display_name}"
        else:
            del self.by_id[request.path_params["id"]]
        return JSONResponse(operation(request, schedule.name))

    def _change(self, request: Request, before: State, after: State) -> Any:
        schedule = self._find(request)
        if schedule.state != before:
            message = f"The schedule is not {before.name}."
            raise wire.Refused(400, "FAILED_PRECONDITION", message)
        schedule.state = after
        return schedule

    def _still_seen(self, request: Request) -> bool:
        self.reads_until_gone -= 1
        if self.reads_until_gone <= 0:
            del self.by_id[request.path_params["id"]]
        return self.reads_until_gone > 0

    def _find(self, request: Request) -> Any:
        if request.path_params["id"] not in self.by_id:
            raise self._missing(request)
        return self.by_id[request.path_params["id"]]

    def _missing(self, request: Request) -> wire.Refused:
        return wire.Refused(
            404, "NOT_FOUND", f"Schedule {request.path_params['id']} does not exist."
        )


def _facts(schedule: Any) -> dict[str, Any]:
    kind = schedule.WhichOneof("request")
    return {
        "display_name": schedule.display_name,
        "state": State(schedule.state).name,
        "create_pipeline_job_request": True if kind == "create_pipeline_job_request" else None,
    }
