"""A Vertex AI and Cloud Storage on this machine, for real clients.

Speaks the JSON of the published messages and checks what the real service documents. By hand:
`python -m tests.sightline.targets.vertex.server --port 8889 --auto-advance`.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.middleware import Middleware

from sightline.targets.vertex.settings import VertexTarget
from tests.sightline.targets.faults import FaultMiddleware, Faults
from tests.sightline.targets.loopback import answer_refusal, options_by_hand, served
from tests.sightline.targets.vertex.endpoint_service import Endpoints, Start
from tests.sightline.targets.vertex.model_service import Models
from tests.sightline.targets.vertex.operations import Operations
from tests.sightline.targets.vertex.pipeline_jobs import PipelineJobs
from tests.sightline.targets.vertex.schedule_service import Schedules
from tests.sightline.targets.vertex.simulation import Outcome, Simulation
from tests.sightline.targets.vertex.storage import Storage
from tests.sightline.targets.vertex.wire import Refused, refused

BUCKET = "flowers-staging"
PROJECT = "flowers-project"
LOCATION = "europe-west4"
DEPLOYED = Outcome(
    facts={
        "ingest.dataset": {"num_images": 1000, "num_refused": 6},
        "ingest.quarantine": {"num_refused": 6},
        "train.model": {"recipe": "mobilenet"},
        "evaluate.metrics": {
            "accuracy": 0.972,
            "accuracy_low": 0.944,
            "accuracy_high": 0.986,
            "num_images": 180,
        },
        "evaluate.evaluation": {
            "decision": "deploy",
            "reasons": "Accuracy 0.972 is at least 0.85.",
            "num_images": 180,
            "headline": [
                {
                    "name": "accuracy",
                    "label": "Test accuracy",
                    "value": 0.972,
                    "low": 0.944,
                    "high": 0.986,
                    "higher_is_better": True,
                }
            ],
        },
        "deploy.deployment": {"version": "3", "live": True},
    },
    parameters={"evaluate": {"decision": "deploy"}},
)
"""How a run of Sightline's pipeline goes well."""


@dataclass
class VertexServer:
    """The state of the service, and its application."""

    storage: Storage = field(default_factory=Storage)
    faults: Faults = field(default_factory=lambda: Faults(re.search, refused))
    start: Start = field(default=lambda model, environment: "")
    """Starts the container of a model, for its endpoint."""
    address: str = ""

    def __post_init__(self) -> None:
        self.storage.buckets[BUCKET] = {}
        self.operations = Operations()
        self.models = Models(self.operations, self.storage)
        self.endpoints = Endpoints(self.operations, self.models, self.start)
        self.jobs = PipelineJobs(self.storage, DEPLOYED)
        self.schedules = Schedules(self.jobs)

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                *self.jobs.routes(),
                *self.schedules.routes(),
                *self.operations.routes(),
                *self.models.routes(),
                *self.endpoints.routes(),
                *self.storage.routes(),
            ],
            middleware=[Middleware(FaultMiddleware, faults=self.faults)],
            exception_handlers={Refused: answer_refusal},
        )

    def target(self, **changes: object) -> VertexTarget:
        """A target that reaches this service."""
        given: dict[str, object] = {
            "kind": "vertex",
            "project": PROJECT,
            "location": LOCATION,
            "staging_bucket": f"gs://{BUCKET}",
            "api_endpoint": self.address,
            "credentials": "anonymous",
        }
        return VertexTarget.model_validate({**given, **changes})

    def advance_by_itself(self, seconds_per_step: float) -> None:
        """Let jobs move on with time, whenever somebody looks at them."""
        begun: dict[str, float] = {}
        taken: dict[str, int] = {}

        def move(simulation: Simulation) -> None:
            name = simulation.job.name
            due = (monotonic() - begun.setdefault(name, monotonic())) / seconds_per_step
            while taken.setdefault(name, 0) < due:
                taken[name] += 1
                simulation.advance()

        self.jobs.before_read = move


def vertex_server(start: Start | None = None) -> AbstractContextManager[VertexServer]:
    """A service that runs until the block ends; set STORAGE_EMULATOR_HOST to its address."""
    return served(VertexServer(start=start) if start else VertexServer())


def main() -> None:
    """Serve until interrupted."""
    options = options_by_hand(__doc__, port=8889).parse_args()
    server = VertexServer()
    if options.auto_advance:
        server.advance_by_itself(seconds_per_step=0.5)
    server.address = f"http://127.0.0.1:{options.port}"
    settings = server.target().model_dump(exclude_defaults=True)
    print(f"export STORAGE_EMULATOR_HOST={server.address}")  # noqa: T201
    print(yaml.safe_dump({"targets": {"cloud": {"kind": "vertex", **settings}}}))  # noqa: T201
    uvicorn.run(server.application(), port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
