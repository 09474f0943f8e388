"""What a wheel of this project installs, where others are called `components` and `pipelines`."""

import json
import platform
import shutil
import subprocess
import sys
import venv
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
QUICK = tuple(
    word
    for setting in (
        *("label_check.fail_on=never", "preprocess.image_size=16", "preprocess.stratify=exact"),
        *("train.recipe=scratch", "train.epochs=1"),
    )
    for word in ("--set", setting)
)
ON_INTEL = sys.platform == "linux" and platform.machine() == "x86_64"
STANDS_IN = {"tensorflow": "tensorflow-cpu"} if ON_INTEL else {}
"""What is here in place of what a wheel asks for: half the size, and the same without a GPU."""
BEFORE_TRAINING = ("backbone", "fingerprint", "ingest", "label-check", "preprocess")

# Builds the wheel, and starts every stage.
pytestmark = [pytest.mark.slow, pytest.mark.long]


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
    """A Python with the wheel and what the wheel asks for; the repository is not there."""

    root: Path

    def run(self, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
        return _run(folder, self.root / "bin/python", "-P", *arguments)

    def sightline(self, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
        return _run(folder, self.root / "bin/sightline", *arguments)


def _run(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A bare environment, into which pip installs the wheel with what it asks for."""
    root = tmp_path_factory.mktemp("installed")
    venv.create(root, symlinks=True)
    (packages,) = root.glob("lib/python*/site-packages")
    # In place of a download of 3 GB. Were anything missing, pip would say so and end.
    chosen = wanted_by(wheel)
    link(chosen, packages)
    for name in STANDS_IN:
        tell_in_place_of(name, chosen[name], packages)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(root))
    subprocess.run([*pip, "install", "--quiet", "--no-index", str(wheel)], check=True)
    for name in ("components", "pipelines"):
        (packages / name).mkdir()
        (packages / name / "__init__.py").write_text(SOMEBODY_ELSES, encoding="utf-8")
    return Installed(root)


def wanted_by(wheel: Path) -> dict[str, Distribution]:
    """What a wheel asks for, what that asks for, and so on, from this environment."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        asked = message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    waiting = [(Requirement(line), "") for line in asked]
    seen: set[tuple[str, str]] = set()
    found: dict[str, Distribution] = {}
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        found.setdefault(name, distribution(STANDS_IN.get(name, name)))
        for wanted in {(name, extra) for extra in ("", *requirement.extras)} - seen:
            seen.add(wanted)
            waiting += [(Requirement(line), wanted[1]) for line in found[name].requires or ()]
    return found


def tell_in_place_of(name: str, other: Distribution, packages: Path) -> None:
    """Have pip find a distribution in the place of another one, whose files are there."""
    told = packages / f"{name}-{other.version}.dist-info"
    told.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {other.version}\n"
    (told / "METADATA").write_text(text, encoding="utf-8")


def link(chosen: dict[str, Distribution], packages: Path) -> None:
    """Have the files of these distributions below `packages` too, and none of another one's."""
    owners = Counter(top for each in distributions() for top in {*tops(each)})
    for each in chosen.values():
        for top, files_below in tops(each).items():
            for name in [top] if owners[top] == 1 else files_below:
                (packages / name).parent.mkdir(parents=True, exist_ok=True)
                (packages / name).symlink_to(Path(str(each.locate_file(name))))


def tops(each: Distribution) -> dict[str, list[str]]:
    """The files of a distribution in the folder of packages, by the first part of their paths."""
    found: dict[str, list[str]] = {}
    for file in each.files or ():
        if not {"..", "__pycache__"} & {*file.parts}:
            found.setdefault(file.parts[0], []).append(str(file))
    return found


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
    told = f"sightline_vision-{version}.dist-info"
    assert {name.split("/")[0] for name in names} == {"sightline", told}
    assert expected - set(names) == set()
    assert f"{told}/licenses/LICENSE" in names


def test_what_it_installs_is_what_its_users_need_and_nothing_of_its_developers(
    installed: Installed, project: Path
) -> None:
    (packages,) = installed.root.glob("lib/python*/site-packages")

    assert not [*packages.glob("pytest*"), *packages.glob("moto*"), *packages.glob("mypy*")]
    assert installed.sightline("--version", folder=project).stdout.startswith("sightline ")


def test_the_readme_from_photos_to_a_run_works_from_the_wheel(
    installed: Installed, tmp_path: Path
) -> None:
    photo_folder(tmp_path / "photos", cats=5, dogs=5)

    written = installed.sightline("init", "photos/", folder=tmp_path)
    ended = installed.sightline("run", *QUICK, folder=tmp_path)

    assert written.returncode == 0, written.stdout + written.stderr
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {*BEFORE_TRAINING, "train", "evaluate", "notify"} <= succeeded(tmp_path)


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


def test_an_installed_sightline_runs_them_in_one_process_for_a_debugger(
    installed: Installed, project: Path
) -> None:
    # Far enough: what follows takes ten times as long, and is imported in the same way. Train
    # refuses a single class before it imports TensorFlow.
    shutil.rmtree(project / "photos/dogs")

    ended = installed.run("-m", "sightline", "run", "--launcher", "inline", folder=project)

    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "two classes or more" in " ".join((ended.stdout + ended.stderr).split())
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
