"""Runs the tasks of a compiled pipeline in their real containers, handed over as clusters do.

The messages follow `provisionOutputs` and `executeV2` of kubeflow/pipelines
(backend/src/v2/driver and component), and what Vertex AI leaves in a pipeline root.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
from docker.types import Mount
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from sightline.package.reading.plan import Plan, PlannedTask
from sightline.runs.records import ArtifactRecord, PortsRecord, RunRecord, TaskRecord
from sightline.targets.local.runner.values import inputs_of, root_values
from tests.end_to_end import bucket_mount
from tests.end_to_end.clusters import Cluster
from tests.end_to_end.launcher import as_stored, read_output
from tests.end_to_end.object_store import MOUNTS, below, copy, files_of, open_folder

Message = dict[str, Any]

MANNERS = "/bucket-mount"
MEMORY = "2g"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a container left behind."""

    exit_code: int
    log: tuple[str, ...]
    message: Message
    """The executor input that it was given."""
    output: Path
    """Where its executor output belongs on this machine."""
    places: Mapping[str, Path]
    """Where its artifacts and parameters belong on this machine, by name."""


@dataclass(repr=False)
class Rehearsal:
    """One run of a pipeline on a cluster that is folders on this machine."""

    engine: docker.DockerClient
    plan: Plan
    cluster: Cluster
    folder: Path
    parameters: Mapping[str, Any]
    data: Path
    """A folder that every container sees as /data, as a volume or a second bucket would be."""
    finished: dict[str, Finished] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run = RunRecord(
            id=str(uuid.uuid4()),
            pipeline=self.plan.pipeline,
            launcher="kfp",
            parameters=root_values(self.plan, self.parameters),
            started=datetime.now(UTC),
            tasks={
                name: TaskRecord(name=name, component=task.component, image=task.image)
                for name, task in self.plan.tasks.items()
            },
        )
        self.bucket = open_folder(self.folder / "bucket")

    def run_tasks(
        self, chosen: Iterable[PlannedTask], *, others: "Rehearsal | None" = None
    ) -> None:
        """Run the chosen tasks in their order, whatever their conditions say.

        After a failure, only what runs always. What the other tasks produce comes from `others`.
        """
        names = {task.name for task in chosen}
        for name, task in self.plan.tasks.items():
            well = all(done.exit_code == 0 for done in self.finished.values())
            if name in names and (well or task.always):
                self.run_task(name)
            elif others is not None and others.run.tasks[name].done:
                self.take_over(name, others)

    def take_over(self, name: str, others: "Rehearsal") -> None:
        """Keep what a task produced on another cluster, as if it had run on this one."""
        outputs = others.run.tasks[name].outputs.model_copy(deep=True)
        for port, item in outputs.artifacts.items():
            origin, item.uri = item.uri, f"{self.cluster.root}/taken-over/{name}/{port}"
            copy(below(others.bucket, origin), below(self.bucket, item.uri))
        self.run.tasks[name].outputs = outputs
        self.run.tasks[name].status = "succeeded"

    def run_task(self, name: str) -> Finished:
        """Run a task of the pipeline, and keep what it produced for those after it."""
        task = self.plan.tasks[name]
        done = self.attempt(task, inputs_of(task, self.run), self.folder / name)
        self.finished[name] = done
        self.run.tasks[name].status = "succeeded" if done.exit_code == 0 else "failed"
        if done.exit_code == 0:
            self.run.tasks[name].outputs = self.publish(task, done)
        return done

    def attempt(
        self,
        task: PlannedTask,
        inputs: PortsRecord,
        folder: Path,
        *,
        spoil: Callable[[Path], None] = lambda _: None,
    ) -> Finished:
        """Do for one task what the driver, the kubelet and the launcher do.

        `spoil` gets every input file that the container will find.
        """
        message = self.executor_input(task, inputs)
        pod = Pod(self.bucket if self.cluster.shares_bucket else folder, folder)
        for item in _listed(message["inputs"]["artifacts"]).values():
            copy(below(self.bucket, item["uri"]), below(pod.volumes, item["uri"]))
            for file in files_of(below(pod.volumes, item["uri"])):
                spoil(file)
        artifacts = _listed(message["outputs"]["artifacts"])
        places = {port: below(pod.volumes, item["uri"]) for port, item in artifacts.items()}
        for port, value in message["outputs"]["parameters"].items():
            places[port] = pod.outside(value["outputFile"])
        for place in places.values():
            open_folder(place.parent)

        exit_code, log = self.run_container(task, pod, _text(message, self.cluster))

        if "executor-logs" in places:
            places["executor-logs"].write_text("\n".join(log), encoding="utf-8")
        return Finished(
            exit_code=exit_code,
            log=tuple(log),
            message=message,
            output=pod.outside(message["outputs"]["outputFile"]),
            places=places,
        )

    def executor_input(self, task: PlannedTask, inputs: PortsRecord) -> Message:
        """Write the message of the driver."""
        task_folder = self.cluster.task_folder.format(
            pipeline=self.plan.pipeline,
            run=self.run.id,
            task=task.name,
            attempt=uuid.uuid4(),
            number=uuid.uuid4().int % 10**18,
        )
        base = f"{self.cluster.root}/{task_folder}"
        folder = base.split("://")[1]
        kinds = {name: kind.title for name, kind in task.output_artifacts.items()}
        if self.cluster.logs_artifact:
            kinds["executor-logs"] = "system.Artifact"
        return {
            "inputs": {
                "parameterValues": dict(inputs.parameters),
                "artifacts": {name: _item(item) for name, item in inputs.artifacts.items()},
            },
            "outputs": {
                "artifacts": {
                    name: {"artifacts": [{"type": {"schemaTitle": kind}, "uri": f"{base}/{name}"}]}
                    for name, kind in kinds.items()
                },
                "parameters": {
                    name: {
                        "outputFile": self.cluster.parameter_file.format(folder=folder, name=name)
                    }
                    for name in task.output_parameters
                },
                "outputFile": self.cluster.output_file.format(folder=folder),
            },
        }

    def run_container(
        self, task: PlannedTask, pod: "Pod", executor_input: str
    ) -> tuple[int, list[str]]:
        """Start the command of the compiled package, placeholder replaced, and wait for it."""
        command = [part.replace("{{$}}", executor_input) for part in task.command]
        container = self.engine.containers.create(
            task.image,
            entrypoint=command[:1],
            command=command[1:],
            environment={**task.environment, **self.environment()},
            mounts=list(self.mounts(pod)),
            mem_limit=MEMORY,
            network_mode="none",
            **self.cluster.options,
        )
        try:
            container.start()
            exit_code = int(container.wait()["StatusCode"])
            return exit_code, container.logs().decode("utf-8").splitlines()
        finally:
            container.remove(force=True)

    def environment(self) -> dict[str, str]:
        """Have Python import the manners of a mounted bucket, where there is one."""
        # Before the images' own path, for Debian has a sitecustomize of its own.
        return {"PYTHONPATH": f"{MANNERS}:/sightline"} if self.cluster.bucket_manners else {}

    def mounts(self, pod: "Pod") -> Iterator[Mount]:
        """Yield the volumes: the object store's folders, /tmp, the data and the model registry."""
        for mount in MOUNTS.values():
            place = mount.strip("/")
            yield Mount(f"/{place}", str(open_folder(pod.volumes / place)), type="bind")
        yield Mount("/tmp", str(open_folder(pod.own / "tmp")), type="bind")
        yield Mount("/data", str(self.data), type="bind", read_only=True)
        yield Mount("/models", str(open_folder(self.folder / "models")), type="bind")
        if self.cluster.bucket_manners:
            place = f"{MANNERS}/sitecustomize.py"
            yield Mount(place, str(bucket_mount.__file__), type="bind", read_only=True)

    def publish(self, task: PlannedTask, done: Finished) -> PortsRecord:
        """Upload what the launcher would, and return what the metadata store would."""
        answer = read_output(done.output)
        artifacts: dict[str, ArtifactRecord] = {}
        for name, kind in task.output_artifacts.items():
            item = answer.artifacts[name].artifacts[0]
            copy(done.places[name], below(self.bucket, item.uri))
            artifacts[name] = ArtifactRecord(
                name=str(len(self.finished) * 10 + len(artifacts)),
                kind=kind.title,
                kind_version=kind.version,
                uri=item.uri,
                metadata=as_stored(item.metadata, name),
            )
        parameters = json_format.MessageToDict(answer).get("parameterValues", {})
        return PortsRecord(parameters=parameters, artifacts=artifacts)


@dataclass(frozen=True)
class Pod:
    """The folders of this machine that a container sees as its volumes."""

    volumes: Path
    """Has a folder for each object store."""
    own: Path
    """Has /tmp."""

    def outside(self, path: str) -> Path:
        """Return where a path of the container is on this machine."""
        return (self.own if path.startswith("/tmp/") else self.volumes) / path.lstrip("/")


def _item(artifact: ArtifactRecord) -> Message:
    return {
        "artifacts": [
            {
                "name": artifact.name,
                "type": {"schemaTitle": artifact.kind},
                "uri": artifact.uri,
                "metadata": artifact.metadata,
            }
        ]
    }


def _listed(artifacts: Message) -> dict[str, Message]:
    return {name: item["artifacts"][0] for name, item in artifacts.items()}


def _text(message: Message, cluster: Cluster) -> str:
    checked = json_format.ParseDict(message, pipeline_spec_pb2.ExecutorInput())
    content = json_format.MessageToDict(checked)
    if cluster.whole_numbers:
        content = json.loads(json.dumps(content), parse_float=_as_go_writes)
    return json.dumps(content)


def _as_go_writes(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number
