"""The docker launcher: a container per task."""

from pathlib import Path
from typing import Any

import docker
import pytest
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.images.recipes import image_reference
from sightline.package.reading.plan import Value
from sightline.project.stages import Location
from sightline.runs.records import RunRecord
from sightline.targets.local.launchers.docker import RUN_LABEL
from tests.sightline.targets.local.toys import run_toy, shell, states

pytestmark = pytest.mark.docker
IMAGE = image_reference("ingest")


@pytest.fixture
def engine(docker_engine: docker.DockerClient, stage_images: object) -> docker.DockerClient:
    """A Docker engine that has the stage images."""
    return docker_engine


@dsl.container_component
def write_inside(data: dsl.Output[dsl.Dataset], who: dsl.OutputPath(int), text: str):
    return shell('mkdir -p "$1"; printf %s "$3" > "$1/text"; id -u > "$2"; echo "home $HOME"',
                 data.path, who, text, image=IMAGE)  # fmt: skip


@dsl.container_component
def copy_inside(data: dsl.Input[dsl.Dataset], copied: dsl.Output[dsl.Dataset]):
    return shell('cat "$1/text" > "$2"', data.path, copied.path, image=IMAGE)


@dsl.container_component
def script_inside(text: str, place: str = ""):
    return shell('eval "$1"', text, place, image=IMAGE)


@dsl.pipeline(name="inside")
def inside(text: str = "hello"):
    copy_inside(data=write_inside(text=text).outputs["data"])


def run_inside(
    pipeline: Any, folder: Path, locations: dict[Any, Location] | None = None, **given: Value
) -> RunRecord:
    """Run a pipeline in containers."""
    options = {"launcher": "docker", "locations": locations or {}}
    return run_toy(pipeline, folder, options=options, **given)


def test_artifacts_travel_between_containers_that_do_not_run_as_root(
    tmp_path: Path, engine: docker.DockerClient
) -> None:
    record = run_inside(inside, tmp_path)

    assert record.failure is None
    assert record.artifact_path("copy-inside", "copied").read_text() == "hello"
    assert record.tasks["write-inside"].outputs.parameters["who"] != 0
    assert (record.folder / "logs/write-inside.log").read_text() == "home /tmp\n"
    label = f"{RUN_LABEL}={record.id}"
    assert engine.containers.list(all=True, filters={"label": label}) == []


def test_results_are_reused_as_long_as_the_image_is_the_same(
    tmp_path: Path, engine: docker.DockerClient
) -> None:
    first = run_inside(inside, tmp_path)

    second = run_inside(inside, tmp_path)
    third = run_toy(inside, tmp_path)

    assert states(second) == {"write-inside": "reused", "copy-inside": "reused"}
    verdict = third.tasks["write-inside"].cache
    image = str(engine.images.get(IMAGE).id).removeprefix("sha256:")[:12]
    assert verdict is not None
    assert verdict.sentences() == [
        f"Ran, because of what changed since run {second.id}:",
        f"image: {image} -> this machine's Python",
    ]
    assert first.id < third.id


@pytest.mark.usefixtures("engine")
def test_locations_are_mounted_where_they_are(tmp_path: Path) -> None:
    photos, models = tmp_path / "photos", tmp_path / "models"
    photos.mkdir()
    (photos / "a.jpg").write_text("a")

    @dsl.pipeline(name="places")
    def places(read: str, write: str) -> None:
        look = 'ls "$2"; touch "$2/new" 2>/dev/null && echo written || echo refused'
        script_inside(text=look, place=read)
        script_inside(text='echo done > "$2/version"', place=write)

    key = ("script_inside", "place")
    reading = run_inside(
        places, tmp_path, {key: Location("read", ("",))}, read=str(photos), write=str(photos)
    )
    writing = run_inside(
        places, tmp_path, {key: Location("write", ("",))}, read=str(models), write=str(models)
    )

    log = (reading.folder / "logs/script-inside.log").read_text()
    assert log == "a.jpg\nrefused\n"
    assert reading.tasks["script-inside-2"].status in {"failed", "not run"}
    assert writing.failure is None
    assert (models / "version").read_text() == "done\n"


@pytest.mark.usefixtures("engine")
def test_the_exit_code_and_the_end_of_the_log_are_told(tmp_path: Path) -> None:
    @dsl.pipeline(name="fails")
    def fails() -> None:
        script_inside(text="echo going wrong >&2; exit 7")

    record = run_inside(fails, tmp_path)

    assert record.tasks["script-inside"].exit_code == 7
    assert (record.failure or "").endswith("  going wrong")


@pytest.mark.usefixtures("engine")
def test_a_command_that_the_image_does_not_have_fails_its_task(tmp_path: Path) -> None:
    @dsl.container_component
    def unknown():
        return dsl.ContainerSpec(image=IMAGE, command=["no-such-command"])

    @dsl.pipeline(name="unknown")
    def pipeline() -> None:
        unknown()

    record = run_inside(pipeline, tmp_path)

    assert record.tasks["unknown"].exit_code == 125
    assert "no-such-command" in (record.failure or "")


@pytest.mark.usefixtures("engine")
def test_a_container_over_its_memory_limit_says_so(tmp_path: Path) -> None:
    @dsl.pipeline(name="hungry")
    def hungry() -> None:
        task = script_inside(text="exec python3 -c 'x = bytearray(400 * 1024 ** 2)'")
        task.set_memory_limit("64M")

    record = run_inside(hungry, tmp_path)

    assert record.tasks["script-inside"].exit_code == 137
    assert "memory" in (record.failure or "")


@pytest.mark.usefixtures("engine")
def test_an_image_that_is_not_here_is_refused_before_the_first_task(tmp_path: Path) -> None:
    @dsl.container_component
    def elsewhere():
        return shell("true", image="sightline/absent:9")

    @dsl.pipeline(name="absent")
    def absent() -> None:
        elsewhere()

    with pytest.raises(UserError) as caught:
        run_inside(absent, tmp_path)

    assert str(caught.value) == (
        "elsewhere: expected image sightline/absent:9 on this machine, found none. Build the "
        "images with `sightline images build`."
    )


def test_without_an_engine_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")

    with pytest.raises(UserError, match="Expected a Docker engine, could not reach one"):
        run_inside(inside, tmp_path)


def test_a_variable_that_a_setting_names_is_handed_into_the_container(
    tmp_path: Path, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dsl.container_component
    def call(seen: dsl.OutputPath(str), webhook: str, other: str):
        lengths = "${#CHANNEL} ${#OTHER}"
        return shell(f'printf "%s" "{lengths}" > "$1"', seen, webhook, other, image=IMAGE)

    @dsl.pipeline(name="call")
    def calling() -> None:
        call(webhook="env:CHANNEL", other="env:OTHER")

    monkeypatch.setenv("CHANNEL", "a secret")
    monkeypatch.setenv("OTHER", "another")
    named = {("call", "webhook"): Location("read", ("",), ("env:",))}

    record = run_inside(calling, tmp_path, locations=named)

    assert record.tasks["call"].outputs.parameters == {"seen": "8 0"}
    assert "a secret" not in (record.folder / "run.json").read_text()
