"""The loopback PipelineService: jobs in memory."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.cloud.aiplatform_v1 import (
    CancelPipelineJobRequest,
    ListPipelineJobsResponse,
    PipelineJob,
    PipelineState,
)
from google.protobuf.field_mask_pb2 import FieldMask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sightline.targets.vertex import wire
from tests.sightline.targets.vertex.checks import JOB_ID, check_job, check_title
from tests.sightline.targets.vertex.simulation import NUMBER, Outcome, Simulation
from tests.sightline.targets.vertex.storage import Storage

PARENT = "/v1/projects/{project}/locations/{location}"


@dataclass
class PipelineJobs:
    """Every job by its id, in the order of creation."""

    storage: Storage
    outcome: Outcome = field(default_factory=Outcome)
    """What becomes of jobs that are created from now on."""
    before_read: Callable[[Simulation], None] = lambda simulation: None
    """What happens to a job when somebody looks at it."""
    by_id: dict[str, Simulation] = field(default_factory=dict)
    bodies: list[tuple[str, Any]] = field(default_factory=list)
    """Path and JSON of every request for a job."""

    def routes(self) -> list[Route]:
        jobs, job = f"{PARENT}/pipelineJobs", f"{PARENT}/pipelineJobs/{{id}}"
        return [
            Route(jobs, self.create, methods=["POST"]),
            Route(jobs, self.list, methods=["GET"]),
            Route(f"{job}:cancel", self.cancel, methods=["POST"]),
            Route(job, self.get, methods=["GET"]),
            Route(job, self.delete, methods=["DELETE"]),
        ]

    def add(self, location: str, job_id: str, job: Any) -> Any:
        """Start a job as the service does, for a request or for a schedule."""
        if job_id in self.by_id:
            message = "Pipeline job with the specified ID already exists."
            raise wire.Refused(409, "ALREADY_EXISTS", message)
        job.name = f"projects/{NUMBER}/locations/{location}/pipelineJobs/{job_id}"
        job.labels["vertex-ai-pipelines-run-billing-id"] = str(len(self.by_id) + 1)
        job.state = PipelineState.PIPELINE_STATE_PENDING
        job.create_time.GetCurrentTime()
        job.update_time.GetCurrentTime()
        self.by_id[job_id] = Simulation(job, self.outcome, self.storage.put)
        return job

    async def create(self, request: Request) -> Response:
        wire.expect_query(request, "pipelineJobId")
        job = await wire.read(request, PipelineJob)
        query = f"?pipelineJobId={request.query_params.get('pipelineJobId', '')}"
        self.bodies.append((request.url.path + query, await request.json()))
        job_id = request.query_params.get("pipelineJobId", f"job-{len(self.by_id) + 1}")
        if not JOB_ID.fullmatch(job_id):
            raise wire.invalid(f"pipeline_job_id: {job_id!r} does not match {JOB_ID.pattern}")
        check_title(job.display_name)
        check_job(job, self.storage.buckets)
        return wire.write(request, self.add(request.path_params["location"], job_id, job))

    async def get(self, request: Request) -> Response:
        wire.expect_query(request)
        simulation = self._find(request)
        self.before_read(simulation)
        return wire.write(request, simulation.job)

    async def list(self, request: Request) -> Response:
        wire.expect_query(request, "filter", "pageSize", "pageToken", "orderBy", "readMask")
        if request.query_params.get("orderBy", "create_time desc") != "create_time desc":
            raise wire.invalid("Only the order `create_time desc` is known here.")
        condition = request.query_params.get("filter", "")
        found = [
            simulation
            for simulation in reversed(self.by_id.values())
            if wire.passes(condition, _facts(simulation.job))
        ]
        shown, token = wire.page(request, found)
        for simulation in shown:
            self.before_read(simulation)
        answer = ListPipelineJobsResponse.pb(ListPipelineJobsResponse())
        for simulation in shown:
            answer.pipeline_jobs.add().CopyFrom(_masked(simulation.job, request))
        answer.next_page_token = token
        return wire.write(request, answer)

    async def cancel(self, request: Request) -> Response:
        await wire.read(request, CancelPipelineJobRequest)
        simulation = self._find(request)
        if simulation.over:
            raise wire.Refused(400, "FAILED_PRECONDITION", "The job has ended already.")
        simulation.job.state = PipelineState.PIPELINE_STATE_CANCELLING
        return JSONResponse({})

    async def delete(self, request: Request) -> Response:
        self._find(request)
        job_id = request.path_params["id"]
        del self.by_id[job_id]
        return JSONResponse(operation(request, job_id))

    def _find(self, request: Request) -> Simulation:
        job_id = request.path_params["id"]
        if job_id not in self.by_id:
            raise wire.Refused(404, "NOT_FOUND", f"PipelineJob {job_id} does not exist.")
        return self.by_id[job_id]


def operation(request: Request, name: str) -> dict[str, Any]:
    """A long-running operation that has only begun."""
    location = request.path_params["location"]
    return {"name": f"projects/{NUMBER}/locations/{location}/operations/{abs(hash(name))}"}


def _facts(job: Any) -> dict[str, Any]:
    return {
        "display_name": job.display_name,
        "pipeline_job_user_id": job.name.rpartition("/")[2],
        "pipeline_name": job.pipeline_spec["pipelineInfo"]["name"],
        "state": PipelineState(job.state).name,
        "schedule_name": job.schedule_name,
        **{f"labels.{key}": value for key, value in job.labels.items()},
    }


def _masked(job: Any, request: Request) -> Any:
    """What a listing shows: never the details of tasks, and only what the mask names."""
    shown = PipelineJob.pb(PipelineJob())
    mask = request.query_params.get("readMask")
    if not mask:
        shown.CopyFrom(job)
        shown.ClearField("job_detail")
        return shown
    paths = [re.sub(r"[A-Z]", lambda m: f"_{m[0].lower()}", path) for path in mask.split(",")]
    FieldMask(paths=[path for path in paths if "." not in path]).MergeMessage(job, shown)
    for path in paths:
        if path == "pipeline_spec.pipeline_info":
            info = job.pipeline_spec.fields["pipelineInfo"]
            shown.pipeline_spec.fields["pipelineInfo"].CopyFrom(info)
        elif "." in path:
            raise wire.invalid(f"read_mask: {path} is not known here.")
    return shown
