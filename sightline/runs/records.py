"""What is known about a run: exactly what `run.json` holds."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sightline.ground import parameter_kinds
from sightline.ground.outcome import Outcome
from sightline.ground.run_states import DONE, RunStatus, TaskStatus
from sightline.runs.verdict import Verdict

Value = parameter_kinds.Value
"""A parameter's value, as JSON has it."""

SCHEMA = "sightline.run"
SCHEMA_VERSION = 1


class Record(BaseModel):
    """Base of all records: strict about unknown keys, checked when they change."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class ArtifactRecord(Record):
    """One artifact that a task read or wrote."""

    name: str
    kind: str
    """Kubeflow's type, such as `system.Model`."""
    kind_version: str
    uri: str
    metadata: dict[str, Any] = Field(default_factory=dict)
    digest: str | None = None
    """Hash of file names and bytes."""
    listing: str | None = None
    """Hash of file names, sizes and times: the same listing needs no new digest."""


class PortsRecord(Record):
    """The inputs or the outputs of a task."""

    parameters: dict[str, Value] = Field(default_factory=dict)
    artifacts: dict[str, ArtifactRecord] = Field(default_factory=dict)


class TaskRecord(Record):
    """One task of a run."""

    name: str
    component: str
    image: str
    status: TaskStatus = "waiting"
    started: datetime | None = None
    finished: datetime | None = None
    seconds: float | None = None
    compute_seconds: float | None = None
    writing_seconds: float | None = None
    startup_seconds: float | None = None
    """What the stage neither computed nor wrote in: start of the process, imports, its end."""
    attempts: int = 0
    exit_code: int | None = None
    message: str | None = None
    log: str = ""
    """Path of the log, relative to the run's folder; its address in the store for a cluster's."""
    inputs: PortsRecord = Field(default_factory=PortsRecord)
    outputs: PortsRecord = Field(default_factory=PortsRecord)
    cache: Verdict | None = None

    @property
    def done(self) -> bool:
        """Whether its outputs are there to be read."""
        return self.status in DONE


class RunRecord(Record):
    """One run of a pipeline."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, populate_by_name=True)

    schema_name: Literal["sightline.run"] = Field(default="sightline.run", alias="schema")
    schema_version: Literal[1] = 1
    id: str
    name: str | None = None
    """What a cluster shows for the run."""
    url: str | None = None
    """Page of the run in a cluster's UI."""
    pipeline: str
    package: str | None = None
    """SHA-256 of the package that ran, which lies in the run's folder here."""
    status: RunStatus = "running"
    launcher: str
    """What started the tasks: a launcher of this machine, or the kind of a cluster."""
    parameters: dict[str, Value]
    started: datetime
    finished: datetime | None = None
    tasks: dict[str, TaskRecord]
    """In the order of the plan."""
    left_out: list[str] = Field(default_factory=list)
    """Tasks that were not to run."""
    failure: str | None = None
    failed_by_user_error: bool = False
    warnings: list[str] = Field(default_factory=list)
    folder: Path = Field(default=Path(), exclude=True)
    schedule: str | None = Field(default=None, exclude=True)
    """Schedule of a cluster that started it."""
    outcome: Outcome | None = Field(default=None, exclude=True)
    """What came out by the exit task's word, where a cluster's artifacts do not say it."""

    def artifact_path(self, task: str, name: str) -> Path:
        """Return where a task of this run writes an artifact."""
        return self.folder / "artifacts" / task / name
