"""Runs and recurring runs of the loopback Kubeflow."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.sightline.targets.kfp.library import BASE, Library
from tests.sightline.targets.kfp.metadata import MetadataStore
from tests.sightline.targets.kfp.wire import Entry, Refused, now, page, read
from tests.sightline.targets.kfp.workflows import Ending, Workflow

OLDER = "/apis/v1beta1"
RUN_KEYS = {
    key: key
    for key in (
        "run_id",
        "display_name",
        "created_at",
        "state",
        "recurring_run_id",
        "experiment_id",
    )
} | {"name": "display_name", "id": "run_id"}
KINDS: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int,),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
}


@dataclass
class Runs:
    """Runs in memory; they move on when told."""

    library: Library
    runs: dict[str, Entry] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    metadata: MetadataStore = field(default_factory=MetadataStore)
    wrapped: bool = True
    """Whether the workflow controller has a retry strategy of its own, as 2.17.0 installs it."""
    new_api: bool = False
    """Whether this version tells tasks itself, without a metadata store, as after 2.17."""
    old_api: bool = True
    """Whether this version still has the API before this one."""

    def routes(self) -> list[Route]:
        return [
            Route(f"{BASE}/runs", self.list_runs),
            Route(f"{BASE}/runs", self.create_run, methods=["POST"]),
            Route(f"{BASE}/runs/{{id}}:terminate", self.terminate, methods=["POST"]),
            Route(f"{BASE}/runs/{{id}}", self.get_run),
            Route(f"{OLDER}/runs/{{id}}", self.get_older),
            *self.metadata.routes(),
        ]

    def advance(self, run_id: str, ending: Ending = "SUCCEEDED", *, steps: int = 1) -> None:
        """Start the next task or end the one under way, so many times."""
        for _ in range(steps):
            self._set_state(run_id, "RUNNING")
            if not self.workflows[run_id].step(ending):
                failed = self._failed(run_id)
                return self.finish(run_id, "FAILED" if failed else "SUCCEEDED")

    def advance_by_itself(self, seconds_per_step: float) -> None:
        """Let all runs move on with time, for ever."""

        def move() -> None:
            while True:
                time.sleep(seconds_per_step)
                for run_id, run in list(self.runs.items()):
                    if run["state"] in ("PENDING", "RUNNING"):
                        self.advance(run_id)

        threading.Thread(target=move, daemon=True).start()

    def finish(self, run_id: str, state: str) -> None:
        """End a run."""
        self.workflows[run_id].finish(state)
        self.runs[run_id]["finished_at"] = now()
        self._set_state(run_id, state)

    def add(self, body: Entry) -> Entry:
        """Start a run, by hand of a user or of a recurring run."""
        run_id = str(uuid.uuid4())
        version = check_job(body, self.library)
        entry = {
            "storage_state": "AVAILABLE",
            **body,
            "run_id": run_id,
            "created_at": now(),
            "scheduled_at": now(),
            "finished_at": "1970-01-01T00:00:00Z",
            "service_account": body.get("service_account", "pipeline-runner"),
            "state_history": [],
        }
        self.runs[run_id] = entry
        document = self.library.document(version)
        name = f"{document['pipelineInfo']['name']}-{run_id[:5]}"
        root = body.get("runtime_config", {}).get(
            "pipeline_root", "minio://mlpipeline/v2/artifacts"
        )
        self.workflows[run_id] = Workflow(
            run_id, name, document, self.metadata, root=root, wrapped=self.wrapped
        )
        self._set_state(run_id, "PENDING")
        return entry

    async def list_runs(self, request: Request) -> JSONResponse:
        experiment = request.query_params.get("experiment_id")
        known = [r for r in self.runs.values() if experiment in (None, r["experiment_id"])]
        return page(request, known, "runs", RUN_KEYS, self._shown)

    async def create_run(self, request: Request) -> JSONResponse:
        return JSONResponse(self._shown(self.add(await read(request, "V2beta1Run"))))

    async def get_run(self, request: Request) -> JSONResponse:
        return JSONResponse(self._shown(self._find(request)))

    async def terminate(self, request: Request) -> JSONResponse:
        run = self._find(request)
        if run["state"] not in ("SUCCEEDED", "FAILED"):
            self._set_state(run["run_id"], "CANCELING")
            self.finish(run["run_id"], "FAILED")
        return JSONResponse({})

    async def get_older(self, request: Request) -> JSONResponse:
        """A run as the older API has it, with the workflow; the newer one has it not."""
        if not self.old_api:
            raise Refused(404, "Not Found")
        run = self._find(request)
        manifest = self.workflows[run["run_id"]].manifest()
        return JSONResponse(
            {"run": {"id": run["run_id"]}, "pipeline_runtime": {"workflow_manifest": manifest}}
        )

    def _failed(self, run_id: str) -> bool:
        """Tell whether a task failed; an attempt that was tried again did not."""
        plan, nodes = self.workflows[run_id].plan, self.workflows[run_id].nodes
        names = {*plan.tasks, *(f"{task}-driver" for task in plan.tasks)}
        return any(node.phase == "Failed" and node.name in names for node in nodes)

    def _find(self, request: Request) -> Entry:
        run_id = request.path_params["id"]
        if run_id not in self.runs:
            raise Refused(404, f"Failed to fetch run {run_id}: ResourceNotFoundError: not found.")
        return self.runs[run_id]

    def _shown(self, run: Entry) -> Entry:
        run_id = run["run_id"]
        if self.new_api:
            return {**run, "task_count": 1, "tasks": self.workflows[run_id].tasks()}
        details = self.workflows[run_id].details(run_id)
        return {**run, "run_details": {"task_details": details}}

    def _set_state(self, run_id: str, state: str) -> None:
        run = self.runs[run_id]
        if run.get("state") != state:
            run["state"] = state
            run["state_history"].append({"update_time": now(), "state": state})


def check_job(body: Entry, library: Library) -> str:
    """Refuse what the backend would refuse in a run or a recurring run; return the version."""
    if not body.get("display_name"):
        raise Refused(400, "Run's name cannot be empty")
    if body.get("experiment_id") not in library.experiments:
        raise Refused(404, f"Experiment {body.get('experiment_id')} not found")
    reference = body.get("pipeline_version_reference", {})
    version = reference.get("pipeline_version_id")
    if version not in library.versions:
        raise Refused(404, f"PipelineVersion {version} not found")
    if library.versions[version]["pipeline_id"] != reference.get("pipeline_id"):
        raise Refused(400, f"PipelineVersion {version} belongs to another pipeline")
    given = body.get("runtime_config", {}).get("parameters", {})
    _check_parameters(given, library.document(version))
    return str(version)


def _check_parameters(given: dict[str, Any], document: Entry) -> None:
    declared = document["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, value in given.items():
        if name not in declared:
            raise Refused(400, f"Invalid input error: unknown parameter {name}")
        kind = declared[name]["parameterType"]
        wrong = isinstance(value, bool) and kind != "BOOLEAN"
        if wrong or not isinstance(value, KINDS.get(kind, (object,))):
            raise Refused(400, f"Invalid input error: parameter {name} is no {kind}: {value!r}")
    for name, definition in declared.items():
        if name not in given and not definition.get("isOptional"):
            raise Refused(400, f"Invalid input error: parameter {name} is missing")
