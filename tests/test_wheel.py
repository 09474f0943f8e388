"""What a wheel of this project installs, where others are called `components` and `pipelines`."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.data import photo_folder

REPOSITORY = Path(__file__).parents[1]
SOMEBODY_ELSES = "raise RuntimeError('somebody else owns this name')\n"
DATA = ("Dockerfile", "README.md", ".html", ".css", "py.typed")
SETTINGS = """
pipeline: {name: birds}
ingest: {source: photos}
label_check: {fail_on: never}
preprocess: {image_size: 16, stratify: exact}
train: {recipe: scratch, epochs: 1}
"""
BEFORE_TRAINING = ("fingerprint", "ingest", "label-check", "preprocess")

pytestmark = pytest.mark.slow  # builds the wheel, and starts every stage


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what this environment has."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder))
    subprocess.run([*pip, *options, str(REPOSITORY)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@dataclass(frozen=True)
class Installed:
    """A Python with the wheel and this environment's libraries; the repository is not there."""

    python: Path
    packages: Path

    def run(self, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), "-P", *map(str, arguments)]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    root = tmp_path_factory.mktemp("installed")
    venv.create(root, symlinks=True)
    (packages,) = root.glob("lib/python*/site-packages")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    options = ("--no-deps", "--no-index", "--target", str(packages))
    subprocess.run([*pip, *options, str(wheel)], check=True)
    for name in ("components", "pipelines"):
        (packages / name).mkdir()
        (packages / name / "__init__.py").write_text(SOMEBODY_ELSES, encoding="utf-8")
    # A folder that a .pth file adds has its own .pth files left alone: so no editable sightline.
    libraries = f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    (packages / "libraries.pth").write_text(libraries, encoding="utf-8")
    return Installed(root / "bin/python", packages)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    photo_folder(tmp_path / "photos", cats=5, dogs=5)
    (tmp_path / "sightline.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name.endswith((".py", *DATA)):
            yield str(path.relative_to(REPOSITORY))


def test_it_claims_one_name_and_holds_every_file(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    version = wheel.name.split("-")[1]
    house = {*files(REPOSITORY / "components"), *files(REPOSITORY / "pipelines")}
    expected = {f"sightline/_house/{name}" for name in house} | {*files(REPOSITORY / "sightline")}
    assert {name.split("/")[0] for name in names} == {"sightline", f"sightline-{version}.dist-info"}
    assert expected - set(names) == set()
    assert f"sightline-{version}.dist-info/licenses/LICENSE" in names


def test_an_installed_sightline_compiles_beside_packages_of_those_names(
    installed: Installed, project: Path
) -> None:
    ended = installed.run("-m", "sightline", "compile", "--set", "train.seed=3", folder=project)

    assert ended.returncode == 0, ended.stderr
    package = yaml.safe_load((project / "pipeline.yaml").read_text(encoding="utf-8"))
    parameters = package["root"]["inputDefinitions"]["parameters"]
    assert parameters["train_seed"]["defaultValue"] == 3
    assert parameters["preprocess_image_size"]["defaultValue"] == 16
    assert package["components"]["comp-train"]["executorLabel"] == "exec-train"


def succeeded(project: Path) -> set[str]:
    """The tasks of the project's only run that did what they should."""
    (run,) = (project / ".sightline/runs").iterdir()
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return {name for name, task in record["tasks"].items() if task["status"] == "succeeded"}


def test_an_installed_sightline_runs_its_own_stages(installed: Installed, project: Path) -> None:
    ended = installed.run("-m", "sightline", "run", folder=project)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {*BEFORE_TRAINING, "train", "evaluate", "notify"} <= succeeded(project)


def test_an_installed_sightline_runs_them_in_one_process_for_a_debugger(
    installed: Installed, project: Path
) -> None:
    # Far enough: what follows takes ten times as long, and is imported in the same way.
    no_training = ("--set", "train.recipe=frozen", "--set", "train.weights=absent.h5")

    ended = installed.run(
        *("-m", "sightline", "run", "--launcher", "inline", *no_training), folder=project
    )

    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert succeeded(project) == {*BEFORE_TRAINING, "notify"}


def test_a_process_that_imported_another_components_is_told_so(
    installed: Installed, project: Path
) -> None:
    (project / "mine/components").mkdir(parents=True)
    (project / "mine/components/__init__.py").touch()
    code = (
        "import sys\nsys.path.insert(0, 'mine')\nimport components\n"
        "from sightline.cli import main\n"
        "sys.argv = ['sightline', 'run', '--launcher', 'inline']\nmain()"
    )

    ended = installed.run("-c", code, folder=project)

    assert ended.returncode == 2
    assert "has imported another package `components`, from" in " ".join(ended.stderr.split())


def test_images_need_the_sources(installed: Installed, project: Path) -> None:
    ended = installed.run("-m", "sightline", "images", "build", folder=project)

    assert ended.returncode == 2
    assert "received an installed package. Clone the repository" in " ".join(ended.stderr.split())
