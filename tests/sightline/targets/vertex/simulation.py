"""Pretends to run a pipeline: task details as the service gives them, a step at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.cloud.aiplatform_v1 import PipelineState, PipelineTaskDetail
from google.protobuf import json_format

State = PipelineTaskDetail.State
NUMBER = "123456789012"
"""Number of the project: the service names resources by it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What becomes of the tasks, where they do not simply succeed."""

    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Metadata of artifacts, by `task.artifact`."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Output parameters by task."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Error messages by task."""
    reused: Mapping[str, str] = field(default_factory=dict)
    """Job that a cached result is from, by task."""
    hold: bool = False
    """Whether conditions do not hold."""


@dataclass(frozen=True)
class Step:
    """A task or a group of a pipeline."""

    name: str
    path: str
    node: Mapping[str, Any]
    component: Mapping[str, Any]

    @property
    def group(self) -> bool:
        return "dag" in self.component

    @property
    def at_the_end(self) -> bool:
        strategy = self.node.get("triggerPolicy", {}).get("strategy")
        return bool(strategy == "ALL_UPSTREAM_TASKS_COMPLETED")

    @property
    def gated(self) -> bool:
        return "condition" in self.node.get("triggerPolicy", {})


def steps(spec: Mapping[str, Any]) -> list[Step]:
    """Every task and group, each after what it waits for and after its own group."""
    return list(_walk(spec["root"]["dag"]["tasks"], spec.get("components", {}), ""))


def _walk(tasks: Mapping[str, Any], components: Mapping[str, Any], path: str) -> Iterator[Step]:
    done: set[str] = set()
    while len(done) < len(tasks):
        ready = [
            name
            for name in sorted(tasks)
            if name not in done and set(tasks[name].get("dependentTasks", ())) <= done
        ]
        for name in ready:
            component = components[tasks[name]["componentRef"]["name"]]
            yield Step(name, path + name, tasks[name], component)
            if "dag" in component:
                yield from _walk(component["dag"]["tasks"], components, f"{path}{name}.")
        done |= set(ready)


@dataclass
class Simulation:
    """A job on its way: each call of `advance` starts a task or ends one."""

    job: Any
    outcome: Outcome = field(default_factory=Outcome)
    store: Callable[[str, bytes], object] = lambda address, content: None
    """What puts an artifact into the bucket."""

    def __post_init__(self) -> None:
        self.steps = steps(json_format.MessageToDict(self.job.pipeline_spec))

    @property
    def over(self) -> bool:
        return self.job.state in {
            PipelineState.PIPELINE_STATE_SUCCEEDED,
            PipelineState.PIPELINE_STATE_FAILED,
            PipelineState.PIPELINE_STATE_CANCELLED,
        }

    def advance(self) -> None:
        if self.over:
            return
        if self.job.state == PipelineState.PIPELINE_STATE_CANCELLING:
            return self._end(PipelineState.PIPELINE_STATE_CANCELLED)
        running = [step for step in self.steps if self._state(step) == State.RUNNING]
        task = next((step for step in running if not step.group), None)
        if task:
            return self._finish(task)
        following = next((step for step in self.steps if self._waits(step)), None)
        if following is None:
            failed = any(self._state(step) == State.FAILED for step in self.steps)
            ended = "PIPELINE_STATE_FAILED" if failed else "PIPELINE_STATE_SUCCEEDED"
            return self._end(PipelineState[ended])
        if not self.job.HasField("start_time"):
            self.job.start_time.GetCurrentTime()
            self.job.state = PipelineState.PIPELINE_STATE_RUNNING
        self._begin(following)
        return None

    def finish(self) -> None:
        while not self.over:
            self.advance()

    def _detail(self, step: Step) -> Any:
        for detail in self.job.job_detail.task_details:
            if detail.task_unique_name == step.path:
                return detail
        return None

    def _state(self, step: Step) -> int | None:
        detail = self._detail(step)
        return detail.state if detail else None

    def _waits(self, step: Step) -> bool:
        """Whether a step has its turn now or later: its groups are open, its sources succeeded."""
        failed = any(self._state(other) == State.FAILED for other in self.steps)
        closed = any(
            step.path.startswith(f"{other.path}.") and self._state(other) == State.NOT_TRIGGERED
            for other in self.steps
        )
        return not (self._detail(step) or closed or (failed and not step.at_the_end))

    def _begin(self, step: Step) -> None:
        detail = self.job.job_detail.task_details.add(
            task_id=-5950113757618241536 + len(self.job.job_detail.task_details),
            task_name=step.name,
            task_unique_name=step.path,
            state=State.RUNNING,
        )
        detail.create_time.GetCurrentTime()
        detail.start_time.GetCurrentTime()
        if step.gated and self.outcome.hold:
            detail.state = State.NOT_TRIGGERED

    def _finish(self, step: Step) -> None:
        detail = self._detail(step)
        detail.end_time.GetCurrentTime()
        if step.name in self.outcome.failures:
            detail.state = State.FAILED
            detail.error.code = 9
            detail.error.message = self.outcome.failures[step.name]
            self.job.error.code = 9
            self.job.error.message = f"The DAG failed because some tasks failed: [{step.name}]."
            return
        origin = self.outcome.reused.get(step.name)
        detail.state = State.SKIPPED if origin else State.SUCCEEDED
        self._write_outputs(step, detail, origin or self.job.name.rpartition("/")[2])

    def _write_outputs(self, step: Step, detail: Any, run_id: str) -> None:
        root = self.job.runtime_config.gcs_output_directory.rstrip("/")
        place = f"{root}/{NUMBER}/{run_id}/{step.name}_{detail.task_id}"
        definitions = step.component.get("outputDefinitions", {})
        for name, item in definitions.get("artifacts", {}).items():
            kind = item["artifactType"]
            artifact = detail.outputs[name].artifacts.add(
                uri=f"{place}/{name}",
                schema_title=kind["schemaTitle"],
                schema_version=kind.get("schemaVersion", "0.0.1"),
            )
            facts = dict(self.outcome.facts.get(f"{step.name}.{name}", {}))
            artifact.metadata.update(facts)
            page = f"<!doctype html><title>{step.name}</title><p>{step.name}</p>"
            is_page = kind["schemaTitle"] == "system.HTML"
            if name == "summary":
                self.store(f"{artifact.uri}/summary.json", json.dumps(self._summary()).encode())
            else:
                self.store(artifact.uri, (page if is_page else json.dumps(facts)).encode())
        for name, item in step.node.get("inputs", {}).get("artifacts", {}).items():
            source = item.get("taskOutputArtifact")
            made = self._made(source) if source else None
            if made is not None:
                detail.inputs[name].artifacts.add().CopyFrom(made)
        for name, value in self.outcome.parameters.get(step.name, {}).items():
            detail.execution.metadata.update({f"output:{name}": value})
        for name, value in self._inputs(step).items():
            detail.execution.metadata.update({f"input:{name}": value})

    def _summary(self) -> dict[str, Any]:
        """What the exit task writes, as far as a listing of runs reads it."""
        figures = self.outcome.facts.get("evaluate.evaluation", {}).get("headline", [])
        decision = self.outcome.parameters.get("evaluate", {}).get("decision")
        return {"outcome": {"decision": decision, "headline": figures}}

    def _made(self, source: Mapping[str, str]) -> Any:
        for detail in self.job.job_detail.task_details:
            if detail.task_name == source["producerTask"]:
                return detail.outputs[source["outputArtifactKey"]].artifacts[0]
        return None

    def _inputs(self, step: Step) -> dict[str, Any]:
        given = json_format.MessageToDict(self.job.runtime_config).get("parameterValues", {})
        found = {}
        for name, item in step.node.get("inputs", {}).get("parameters", {}).items():
            # Groups hand a pipeline's parameters on as `pipelinechannel--train_epochs`.
            source = item.get("componentInputParameter", "").rpartition("--")[2]
            if source in given:
                found[name] = given[source]
            elif "constant" in item.get("runtimeValue", {}):
                found[name] = item["runtimeValue"]["constant"]
        return found

    def _end(self, state: PipelineState) -> None:
        self.job.state = state
        self.job.end_time.GetCurrentTime()
        for detail in self.job.job_detail.task_details:
            if detail.state == State.RUNNING:
                failed = state == PipelineState.PIPELINE_STATE_FAILED
                cancelled = state == PipelineState.PIPELINE_STATE_CANCELLED
                ended = "CANCELLED" if cancelled else "FAILED" if failed else "SUCCEEDED"
                detail.state = State[ended]
                detail.end_time.GetCurrentTime()
