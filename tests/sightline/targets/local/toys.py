"""Small pipelines of shell commands, compiled by kfp, for the runner to run."""

import json
import textwrap
from pathlib import Path
from typing import Any

from kfp import compiler, dsl

from sightline.package.reading.plan import Value
from sightline.runs.records import RunRecord
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import run

IMAGE = "toy:1"
EXECUTOR_INPUT = dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER


def shell(script: str, *arguments: Any, image: str = IMAGE) -> dsl.ContainerSpec:
    """A container that runs a shell script with arguments `$1`, `$2`, ..."""
    return dsl.ContainerSpec(
        image=image, command=["sh", "-ec", textwrap.dedent(script), "sh", *arguments]
    )


@dsl.container_component
def write(data: dsl.Output[dsl.Dataset], decision: dsl.OutputPath(str), text: str, answer: str):
    lines = """
        mkdir -p "$1"; printf %s "$3" > "$1/text"
        printf %s "$4" > "$2"; echo "wrote $3"
    """
    return shell(lines, data.path, decision, text, answer)


@dsl.container_component
def copy(data: dsl.Input[dsl.Dataset], copied: dsl.Output[dsl.Dataset], suffix: str = ""):
    return shell('cat "$1/text" > "$2"; printf %s "$3" >> "$2"', data.path, copied.path, suffix)


@dsl.container_component
def say(text: str):
    return shell('echo "$1"', text)


@dsl.container_component
def script(text: str):
    return shell('eval "$1"', text)


@dsl.pipeline(name="write-and-copy")
def write_and_copy(text: str = "hello", answer: str = "deploy", suffix: str = ""):
    written = write(text=text, answer=answer)
    copied = copy(data=written.outputs["data"], suffix=suffix)
    with dsl.If(written.outputs["decision"] == "deploy", name="deploy"):
        say(text="deployed").after(copied)


def compiled(pipeline: Any, folder: Path) -> Path:
    """Compile a pipeline into a folder."""
    path = folder / f"{pipeline.name}.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    return path


def run_toy(
    pipeline: Any, folder: Path, *, listener: Any = None, options: dict[str, Any] | None = None,
    **parameters: Value,
) -> RunRecord:  # fmt: skip
    """Compile a pipeline and run it below `folder`."""
    return run(
        compiled(pipeline, folder),
        parameters=parameters,
        options=RunOptions(**{"root": folder / "root", **(options or {})}),
        listener=listener,
    )


def states(record: RunRecord) -> dict[str, str]:
    """The state of each task by its name."""
    return {name: task.status for name, task in record.tasks.items()}


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text())
