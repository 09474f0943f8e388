"""Read a compiled pipeline (KFP's YAML) into a plan, refusing by name what cannot run here."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from sightline.ground.errors import UserError
from sightline.package.reading.containers import read_container
from sightline.package.reading.order import in_order
from sightline.package.reading.package_task import PackageTask
from sightline.package.reading.plan import (
    ArtifactKind,
    Collected,
    FromTask,
    Plan,
    PlannedTask,
    RetryPolicy,
    RootParameter,
)
from sightline.package.reading.tasks import tasks_to_run
from sightline.project.yaml_file import Located, check_bounds

Node = dict[str, Any]


def read_plan(path: Path) -> Plan:
    """Read a compiled pipeline file.

    Raises:
        UserError: it is no compiled pipeline, or uses something that this runner does not run.
    """
    document, *platform = read_documents(path)
    plan = plan_of(document, place=str(path))
    if platform:
        ignored = "Platform settings (volumes, secrets, node selectors) have no effect here."
        plan = replace(plan, warnings=(*plan.warnings, ignored))
    return plan


def plan_of(document: Node, *, place: str) -> Plan:
    """Read a compiled pipeline that is in memory; `place` says where it came from.

    Raises:
        UserError: it is no compiled pipeline, or uses something that this runner does not run.
    """
    try:
        parameters = read_root_parameters(document)
        reader = _Reader(document)
        tasks = {task.name: reader.read_task(task) for task in tasks_to_run([document])}
        pipeline = document["pipelineInfo"]["name"]
    except KeyError as error:
        raise UserError(
            f"{place}: expected a pipeline compiled by kfp 2, but {error} is missing in it. "
            "Compile it again with `sightline compile`."
        ) from error
    names = in_order({name: task.after for name, task in tasks.items()})
    ordered = {name: tasks[name] for name in names}
    return Plan(pipeline, parameters, ordered, ())


def read_documents(path: Path) -> list[Node]:
    """Read the YAML documents of a pipeline package: the pipeline, then platform settings."""
    try:
        text = path.read_text(encoding="utf-8")
        check_bounds(text)
        documents = [item for item in yaml.load_all(text, Loader=_Loader) if item]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(
            f"{path}: expected a compiled pipeline (YAML), could not read it: {error}. "
            "Compile it again with `sightline compile`."
        ) from error
    needed = {"pipelineInfo", "root", "deploymentSpec"}
    first = documents[0] if documents and isinstance(documents[0], dict) else {}
    if missing := sorted(needed - first.keys()):
        raise UserError(
            f"{path}: expected a compiled pipeline, but {', '.join(missing)} is missing. "
            "Pass a file that `sightline compile` or kfp's compiler wrote."
        )
    return documents


# The C loader reads the training pipeline in 0.05 s, the Python one in 0.5 s.
class _Loader(Located, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader of packages."""


def read_root_parameters(document: Node) -> dict[str, RootParameter]:
    """Read the parameters of the pipeline with their types and defaults."""
    inputs = document["root"].get("inputDefinitions", {})
    if artifacts := inputs.get("artifacts"):
        raise UserError(
            f"Pipeline inputs that are artifacts cannot be given here: {', '.join(artifacts)}. "
            "Let the first task produce them from a parameter."
        )
    return {
        name: RootParameter(
            type=definition["parameterType"],
            required=not definition.get("isOptional", False),
            default=definition.get("defaultValue"),
        )
        for name, definition in inputs.get("parameters", {}).items()
    }


@dataclass
class _Reader:
    document: Node
    executors: Node = field(init=False)

    def __post_init__(self) -> None:
        self.executors = self.document["deploymentSpec"].get("executors", {})

    def read_task(self, task: PackageTask) -> PlannedTask:
        executor = self.executors[task.definition["executorLabel"]]
        container = read_container(task.name, executor)
        inputs = task.definition.get("inputDefinitions", {}).get("parameters", {})
        outputs = task.definition.get("outputDefinitions", {})
        return PlannedTask(
            name=task.name,
            component=task.function,
            image=container.image,
            command=container.command,
            environment=container.environment,
            parameters={k: source for k, source in task.parameters.items() if k in inputs},
            parameter_types={name: item["parameterType"] for name, item in inputs.items()},
            artifacts={k: one for k, one in task.artifacts.items() if isinstance(one, FromTask)},
            lists={k: one for k, one in task.artifacts.items() if isinstance(one, Collected)},
            output_artifacts={
                name: _artifact_kind(item) for name, item in outputs.get("artifacts", {}).items()
            },
            output_parameters={
                name: item["parameterType"] for name, item in outputs.get("parameters", {}).items()
            },
            after=task.after,
            gates=task.gates,
            loop=task.loop,
            always=task.always,
            # What an exit task does, such as sending a message, must be done every time.
            cacheable=bool(task.node.get("cachingOptions", {}).get("enableCache"))
            and not task.always,
            retry=_retry_policy(task.node.get("retryPolicy", {})),
            cpus=container.cpus,
            memory_bytes=container.memory_bytes,
            gpus=container.gpus,
        )


def _artifact_kind(item: Node) -> ArtifactKind:
    kind = item["artifactType"]
    return ArtifactKind(
        title=kind.get("schemaTitle", kind.get("instanceSchema", "system.Artifact")),
        version=kind.get("schemaVersion", "0.0.1"),
    )


def _retry_policy(node: Node) -> RetryPolicy:
    return RetryPolicy(
        retries=int(node.get("maxRetryCount", 0)),
        wait_seconds=_seconds(node.get("backoffDuration", "0s")),
        factor=float(node.get("backoffFactor", 2.0)),
        most_seconds=_seconds(node.get("backoffMaxDuration", "3600s")),
    )


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))
