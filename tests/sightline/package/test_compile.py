import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from kfp import compiler

from sightline.package.compile import component_of, write_package
from sightline.project.settings import load_project
from tests.pipelines.golden.packages import SETTINGS as SETTINGS_OF_ALL_TARGETS
from tests.pipelines.golden.packages import fake_images
from tests.sightline.command_line import sightline

SETTINGS = """
ingest:
  source: photos
  classes: [cat, dog]
train:
  epochs: 5
resources:
  train:
    cpu: 2
    memory: 4G
    gpu: nvidia
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text(SETTINGS, encoding="utf-8")


def test_the_package_has_the_settings_as_defaults(tmp_path: Path) -> None:
    ended = sightline("compile", "--set", "train.seed=3")

    package = yaml.safe_load(Path("pipeline.yaml").read_text(encoding="utf-8"))
    parameters = package["root"]["inputDefinitions"]["parameters"]
    assert ended.code == 0
    assert parameters["train_epochs"]["defaultValue"] == 5
    assert parameters["train_seed"]["defaultValue"] == 3
    assert parameters["ingest_source"]["defaultValue"] == str(tmp_path / "photos")
    assert parameters["ingest_classes"]["defaultValue"] == '["cat", "dog"]'
    assert all("defaultValue" in parameter for parameter in parameters.values())


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_a_package_is_what_kfps_own_compiler_writes(tmp_path: Path, target: str) -> None:
    settings = SETTINGS_OF_ALL_TARGETS.read_text(encoding="utf-8")
    Path("sightline.yaml").write_text(settings, encoding="utf-8")
    project = load_project(Path("sightline.yaml"), [], target)
    component = component_of(project, fake_images(project.target))

    write_package(component, tmp_path / "ours.yaml")
    compiler.Compiler().compile(component, str(tmp_path / "theirs.yaml"))

    assert (tmp_path / "ours.yaml").read_bytes() == (tmp_path / "theirs.yaml").read_bytes()


def test_resources_reach_their_task_and_what_has_no_effect_is_said() -> None:
    ended = sightline("compile", "--output", "made/package.yaml")

    package = yaml.safe_load(Path("made/package.yaml").read_text(encoding="utf-8"))
    executors = package["deploymentSpec"]["executors"]
    assert executors["exec-train"]["container"]["resources"]["resourceCpuLimit"] == "2"
    assert executors["exec-train"]["container"]["resources"]["resourceMemoryLimit"] == "4G"
    assert "resources" not in executors["exec-ingest"]["container"]
    assert "resources.train.gpu asks for 1 GPU(s): this machine has 0" in ended.out


def test_what_no_cluster_has_is_said_of_a_package_for_this_machine(tmp_path: Path) -> None:
    compiled = sightline("compile")
    linted = sightline("lint", "pipeline.yaml")

    told = [" ".join(text.split()) for text in (compiled.err, linted.out)]
    assert (compiled.code, linted.code) == (0, 0)
    assert all("train, notify: its image is on this machine alone" in text for text in told)
    assert all(f"{tmp_path / 'photos'} is a path of this machine" in text for text in told)


def test_compiling_twice_gives_the_same_package() -> None:
    sightline("compile", "--output", "one.yaml")
    sightline("compile", "--output", "two.yaml")

    assert Path("one.yaml").read_bytes() == Path("two.yaml").read_bytes()
    assert {path.name for path in Path().iterdir()} == {"sightline.yaml", "one.yaml", "two.yaml"}


def test_compiling_imports_neither_tensorflow_nor_a_cloud() -> None:
    code = (
        "import sys; sys.argv = ['sightline', 'compile']\n"
        "from sightline.cli import main\n"
        "main.__globals__['app'](standalone_mode=False)\n"
        "names = ('tensorflow', 'keras', 'pandas', 'docker', 'google.cloud')\n"
        # The bare namespace is there from the start.
        "print([m for m in sys.modules if m in names[:-1] or m.startswith('google.cloud.')])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
