"""GPUs of this machine: found by NVIDIA's own command, shown to the tasks that ask."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kfp import dsl

from sightline.images.recipes import with_cuda
from sightline.project import gpus
from sightline.project.gpus import gpus_here, visible_devices
from sightline.start.doctor import check_gpus
from sightline.targets.local.launchers.docker import device_requests
from tests.sightline.targets.local.toys import run_toy, script


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    gpus_here.cache_clear()
    yield
    gpus_here.cache_clear()


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose driver names two."""
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\necho NVIDIA T4\necho NVIDIA L4\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


def test_no_driver_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert gpus_here() == ()
    assert check_gpus().found.startswith("none")


def test_a_driver_that_fails_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert gpus_here() == ()


def test_the_driver_names_them(two_gpus: None) -> None:
    assert gpus_here() == ("NVIDIA T4", "NVIDIA L4")


@pytest.mark.parametrize(
    ("given", "wanted", "shown"),
    [
        (None, 0, "-1"),
        (None, 2, "0,1"),
        ("", 1, "0"),
        ("3,5", 1, "3"),
        ("3,5", 4, "3,5"),
        ("3,5", 0, "-1"),
        ("-1", 1, "-1"),
    ],
)
def test_a_task_sees_as_many_as_it_asks_for_of_those_that_are_ours(
    given: str | None, wanted: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    if given is not None:
        monkeypatch.setenv(gpus.VISIBLE, given)

    assert visible_devices(wanted) == shown


def test_a_container_gets_those_that_are_here(two_gpus: None) -> None:
    assert device_requests(0) == []
    assert [request.count for request in device_requests(4)] == [2]


def test_the_image_with_cuda_is_that_of_a_stage_that_can_use_it() -> None:
    assert with_cuda("sightline/train:0.1.0") == "sightline/train:0.1.0-cuda"
    assert with_cuda("sightline/train:0.1.0-cuda") == "sightline/train:0.1.0-cuda"
    assert with_cuda("sightline/ingest:0.1.0") == "sightline/ingest:0.1.0"
    assert with_cuda("python:3.11") == "python:3.11"


def test_a_task_that_runs_inline_sees_what_it_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(gpus.VISIBLE, "4,7")
    module = tmp_path / "seen_by.py"
    module.write_text(
        f"import os, sys; sys.exit(os.environ[{gpus.VISIBLE!r}] not in sys.argv[1:])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    @dsl.container_component
    def seen(devices: str) -> dsl.ContainerSpec:
        return dsl.ContainerSpec(
            image="python:3.11", command=["python3", "-m", "seen_by"], args=[devices]
        )

    @dsl.pipeline(name="seeing")
    def seeing() -> None:
        seen(devices="4").set_accelerator_type("T4").set_accelerator_limit(1)
        seen(devices="-1")

    assert run_toy(seeing, tmp_path, options={"launcher": "inline"}).status == "succeeded"
    assert os.environ[gpus.VISIBLE] == "4,7"


def test_a_container_asks_for_none_where_none_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert device_requests(1) == []


def test_a_process_sees_what_its_task_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(gpus.VISIBLE, "4,7")
    asked = f'test "${gpus.VISIBLE}" = '

    @dsl.pipeline(name="seeing")
    def seeing() -> None:
        script(text=asked + "4").set_accelerator_type("T4").set_accelerator_limit(1)
        script(text=asked + "-1")

    assert run_toy(seeing, tmp_path).status == "succeeded"
