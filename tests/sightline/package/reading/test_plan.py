"""Reading compiled pipelines: what is understood, and what is refused by name."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.package.reading.plan import Constant, FromParameter, FromTask, Loop, LoopItem
from sightline.package.reading.specification import read_plan
from tests.sightline.targets.local.toys import compiled, copy, say, shell, write, write_and_copy


def edited(path: Path, **changes: Any) -> Path:
    """The compiled pipeline with values replaced at dotted places."""
    document = yaml.safe_load(path.read_text())
    for place, value in changes.items():
        *parents, last = place.split("__")
        node = document
        for name in parents:
            node = node[name]
        node[last] = value
    path.write_text(yaml.safe_dump(document))
    return path


def refusal(pipeline: Any, folder: Path) -> str:
    """What reading the compiled pipeline is refused with."""
    with pytest.raises(UserError) as caught:
        read_plan(compiled(pipeline, folder))
    return str(caught.value)


def test_the_training_pipeline_is_understood(training_package: Path) -> None:
    plan = read_plan(training_package)

    order = ["fingerprint", "ingest", "label-check", "preprocess", "train", "evaluate"]
    assert set(plan.tasks) == {"backbone", *order, "export", "deploy", "notify"}
    assert [task for task in plan.tasks if task in order] == order
    assert plan.tasks["notify"].always
    assert plan.tasks["notify"].after == {"backbone", *order, "export", "deploy"}
    assert plan.tasks["backbone"].module == "components.train.backbone"
    assert plan.tasks["backbone"].parameters["image_size"] == FromParameter("preprocess_image_size")
    assert plan.tasks["backbone"].parameters["weights"] == FromParameter("train_weights")
    assert plan.tasks["label-check"].component == "label_check"
    assert plan.tasks["label-check"].module == "components.label_check"
    assert plan.tasks["export"].gates[0].source == FromTask("evaluate", "decision")
    assert plan.tasks["export"].artifacts["dataset"] == FromTask("label-check", "cleaned")
    assert plan.tasks["train"].parameters["epochs"] == FromParameter("train_epochs")
    assert not plan.tasks["fingerprint"].cacheable
    assert plan.tasks["train"].cacheable
    assert plan.warnings == ()


def test_a_task_waits_for_the_producers_of_its_inputs_and_of_the_conditions_above_it(
    tmp_path: Path,
) -> None:
    plan = read_plan(compiled(write_and_copy, tmp_path))

    assert plan.tasks["copy"].after == {"write"}
    assert plan.tasks["say"].after == {"write", "copy"}
    assert plan.downstream_of("copy") == {"copy", "say"}


def test_a_pipeline_in_a_pipeline_is_flattened(tmp_path: Path) -> None:
    @dsl.pipeline(name="inner")
    def inner(text: str) -> str:
        return write(text=text, answer="inner answer").outputs["decision"]

    @dsl.pipeline(name="outer")
    def outer() -> None:
        write(text="outer", answer="")
        say(text=inner(text="given").output)

    plan = read_plan(compiled(outer, tmp_path))

    assert set(plan.tasks) == {"write", "inner.write", "say"}
    assert plan.tasks["say"].parameters["text"] == FromTask("inner.write", "decision")
    assert plan.tasks["inner.write"].parameters["text"] == Constant("given")


def test_the_same_component_twice_keeps_its_name(tmp_path: Path) -> None:
    @dsl.pipeline(name="twice")
    def twice() -> None:
        say(text="a")
        say(text="b")

    plan = read_plan(compiled(twice, tmp_path))

    assert {name: task.component for name, task in plan.tasks.items()} == {
        "say": "say",
        "say-2": "say",
    }


def test_retries_limits_and_environment_are_read(tmp_path: Path) -> None:
    @dsl.pipeline(name="limits")
    def limits() -> None:
        task = say(text="a").set_cpu_limit("1500m").set_memory_limit("512Mi")
        task.set_retry(3, backoff_duration="2s", backoff_factor=3.0, backoff_max_duration="10s")
        task.set_env_variable("COLOUR", "blue")
        task.set_caching_options(False)

    task = read_plan(compiled(limits, tmp_path)).tasks["say"]

    assert (task.cpus, task.memory_bytes) == (1.5, 512 * 2**20)
    assert task.environment == {"COLOUR": "blue"}
    assert task.retry.retries == 3
    assert [task.retry.wait_before(attempt) for attempt in (2, 3, 4)] == [2.0, 6.0, 10.0]
    assert not task.cacheable


def test_the_exit_task_waits_for_everything_and_runs_always(tmp_path: Path) -> None:
    @dsl.pipeline(name="with-exit")
    def with_exit() -> None:
        with dsl.ExitHandler(say(text="bye")):
            written = write(text="a", answer="b")
            copy(data=written.outputs["data"])

    task = read_plan(compiled(with_exit, tmp_path)).tasks["say"]

    assert task.always
    assert task.after == {"write", "copy"}
    assert not task.cacheable


def test_platform_settings_are_named_as_without_effect_and_accelerators_are_counted(
    tmp_path: Path,
) -> None:
    @dsl.pipeline(name="cluster")
    def cluster() -> None:
        say(text="a").set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(2)

    path = compiled(cluster, tmp_path)
    path.write_text(path.read_text() + "\n---\nplatforms:\n  kubernetes: {}\n")

    plan = read_plan(path)

    assert plan.tasks["say"].gpus == 2
    assert plan.warnings == (
        "Platform settings (volumes, secrets, node selectors) have no effect here.",
    )


def test_a_loop_is_one_task_until_its_items_are_known(tmp_path: Path) -> None:
    @dsl.pipeline(name="loop")
    def loop() -> None:
        with dsl.ParallelFor(["a", "b"], parallelism=3) as item:
            say(text=item)

    task = read_plan(compiled(loop, tmp_path)).tasks["say"]

    assert task.loop == Loop("for-loop-2", Constant(["a", "b"]), parallelism=3)
    assert LoopItem("for-loop-2") in task.parameters.values()


def test_a_loop_inside_of_a_loop_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.pipeline(name="loop")
    def loop() -> None:
        with dsl.ParallelFor(["a", "b"]) as first, dsl.ParallelFor(["c"]) as second:
            say(text=f"{first} {second}")

    assert "dsl.ParallelFor inside of dsl.ParallelFor cannot run here" in refusal(loop, tmp_path)


def test_an_importer_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.pipeline(name="imports")
    def imports() -> None:
        found = dsl.importer(artifact_uri="gs://bucket/data", artifact_class=dsl.Dataset)
        copy(data=found.output)

    assert "importer: a task of kind `importer` cannot run here" in refusal(imports, tmp_path)


def test_a_choice_between_outputs_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.pipeline(name="choice")
    def choice(flag: str = "a") -> None:
        with dsl.If(flag == "a"):
            one = write(text="a", answer="")
        with dsl.Else():
            other = write(text="b", answer="")
        copy(data=dsl.OneOf(one.outputs["data"], other.outputs["data"]))

    assert "dsl.OneOf" in refusal(choice, tmp_path)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_python_function_component_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.component
    def light(text: str) -> None:
        pass

    @dsl.pipeline(name="lightweight")
    def lightweight() -> None:
        light(text="a")

    message = refusal(lightweight, tmp_path)

    assert message.startswith("light: Python function components install kfp")
    assert "container_component" in message


def test_a_container_without_a_command_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.container_component
    def silent():
        return dsl.ContainerSpec(image="toy", args=["a"])

    @dsl.pipeline(name="no-command")
    def no_command() -> None:
        silent()

    assert "silent: its container has no command" in refusal(no_command, tmp_path)


def test_an_unknown_placeholder_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.container_component
    def joined(text: str):
        return shell("echo", dsl.ConcatPlaceholder(["a", text]))

    @dsl.container_component
    def named():
        return shell("echo", dsl.PIPELINE_JOB_NAME_PLACEHOLDER)

    @dsl.pipeline(name="joins")
    def joins() -> None:
        joined(text="a")

    @dsl.pipeline(name="names")
    def names() -> None:
        named()

    assert "joined: placeholder dsl.ConcatPlaceholder" in refusal(joins, tmp_path)
    assert "named: placeholder {{$.pipeline_job_name}}" in refusal(names, tmp_path)


def test_a_condition_that_is_no_equality_is_refused_by_name(tmp_path: Path) -> None:
    @dsl.pipeline(name="unequal")
    def unequal(flag: str = "a") -> None:
        with dsl.If(flag != "a"):
            say(text="a")

    message = refusal(unequal, tmp_path)

    assert message.startswith("condition-1: condition `inputs.parameter_values[")
    assert "Expected one equality" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- just\n- a list\n", "deploymentSpec, pipelineInfo, root is missing"),
        ("a: [", "could not read it"),
        ("", "is missing"),
    ],
)
def test_a_file_that_is_no_compiled_pipeline_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(text)

    with pytest.raises(UserError, match=message):
        read_plan(path)


def test_an_artifact_as_pipeline_input_is_refused(tmp_path: Path) -> None:
    @dsl.pipeline(name="artifact-input")
    def artifact_input(data: dsl.Input[dsl.Dataset]) -> None:
        copy(data=data)

    assert "Pipeline inputs that are artifacts" in refusal(artifact_input, tmp_path)


def test_a_memory_limit_of_another_form_is_refused(tmp_path: Path) -> None:
    @dsl.pipeline(name="memory")
    def memory() -> None:
        say(text="a").set_memory_limit("1G")

    path = compiled(memory, tmp_path)
    place = "deploymentSpec__executors__exec-say__container__resources__resourceMemoryLimit"

    with pytest.raises(UserError, match="say: expected a memory limit such as 4G"):
        read_plan(edited(path, **{place: "lots"}))
