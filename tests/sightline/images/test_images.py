import ast
import gc
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sightline.ground.errors import UserError
from sightline.images.build import connect
from sightline.images.recipes import (
    Recipe,
    base_of,
    base_recipes,
    find_stages,
    image_reference,
    repository_root,
    stage_recipes,
)
from sightline.images.smoke import modules_of
from sightline.project.roles import gpu_stages
from sightline.targets.local.code_version import rooms_behind, stages_behind
from tests.sightline.serving.served import lay_version

REPOSITORY = Path(__file__).parents[3]
STAGES = find_stages(REPOSITORY)
CUDA_LOCK = "containers/tensorflow-cuda.lock"
SERVING_LOCK = "containers/serving.lock"


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(path: Path) -> set[str]:
    """The distributions that a requirements file names."""
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    named = [line for line in lines if line and not line.startswith("--hash=")]
    return {normalised(re.split(r"[\[=<>; ]", line)[0]) for line in named}


def pins(text: str) -> dict[str, str]:
    """The version of every distribution in a lock."""
    return {normalised(n): v for n, v in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M)}


# `google` is a namespace of several distributions.
IN_GOOGLE = {
    "google.protobuf": "protobuf",
    "google.auth": "google-auth",
    "google.api_core": "google-api-core",
    "google.cloud.aiplatform": "google-cloud-aiplatform",
}


def imported_distributions(*folders: Path) -> set[str]:
    """The distributions whose packages the Python files below `folders` import."""
    known = packages_distributions()
    found: set[str] = set()
    for path in [p for folder in folders for p in folder.rglob("*.py")]:
        if path.name == "component.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {
                next((of for part, of in IN_GOOGLE.items() if name.startswith(part)), None)
                or normalised(known[top][0])
                for name in names
                if (top := name.split(".")[0]) in known and top not in ("sightline", "components")
            }
    return found


def test_the_folder_of_a_stage_names_its_image() -> None:
    reference = image_reference("label_check")

    assert re.fullmatch(r"sightline/label-check:\d+\.\d+\.\d+", reference)


def test_stages_are_found_by_their_dockerfile(tmp_path: Path) -> None:
    for name in ("train", "ingest", "notes"):
        (tmp_path / "components" / name).mkdir(parents=True)
    (tmp_path / "components/train/Dockerfile").touch()
    (tmp_path / "components/ingest/Dockerfile").touch()

    stages = find_stages(tmp_path)

    assert stages == ["ingest", "train"]


def test_a_stage_may_be_named_with_dashes() -> None:
    recipes = stage_recipes(REPOSITORY, ["label-check"])

    assert [recipe.name for recipe in recipes] == ["label_check"]


def test_an_unknown_stage_names_its_nearest_neighbour() -> None:
    with pytest.raises(UserError, match=r"received ingst\. Did you mean ingest\?"):
        stage_recipes(REPOSITORY, ["ingst"])


def test_a_stage_that_resembles_none_lists_the_stages() -> None:
    with pytest.raises(UserError, match=r"deploy, evaluate.*Pass no name to build all"):
        stage_recipes(REPOSITORY, ["zzz"])


def test_bases_come_in_the_order_in_which_they_stand_on_each_other() -> None:
    bases = base_recipes(REPOSITORY, stage_recipes(REPOSITORY, ["train", "ingest"]))

    assert [base.name for base in bases] == ["data", "tensorflow"]


def test_a_light_stage_needs_no_tensorflow_base() -> None:
    bases = base_recipes(REPOSITORY, stage_recipes(REPOSITORY, ["ingest"]))

    assert [base.name for base in bases] == ["data"]


def test_a_gpu_image_stands_on_the_base_with_cuda_beside_the_plain_ones() -> None:
    recipes = stage_recipes(REPOSITORY, ["evaluate", "train"], "1", gpu=["train"])

    bases = base_recipes(REPOSITORY, recipes)

    assert [recipe.tag for recipe in recipes] == ["1", "1-cuda"]
    assert [(base.reference, base.dockerfile.name) for base in bases] == [
        ("sightline/data:1", "data.Dockerfile"),
        ("sightline/tensorflow:1", "tensorflow.Dockerfile"),
        ("sightline/data:1-cuda", "data.Dockerfile"),
        ("sightline/tensorflow:1-cuda", "tensorflow-cuda.Dockerfile"),
    ]


@pytest.mark.parametrize("stage", gpu_stages())
def test_stages_with_a_use_for_a_gpu_stand_on_tensorflow(stage: str) -> None:
    assert base_of(REPOSITORY / "components" / stage / "Dockerfile") == "tensorflow"


@pytest.mark.parametrize(
    ("gpu", "message"),
    [
        ("ingest", "can use one (evaluate or train); received ingest. Leave it out"),
        ("evaluate", "one of the stages to build; received evaluate. Name it among"),
    ],
)
def test_a_gpu_where_it_has_no_effect_is_refused(gpu: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        stage_recipes(REPOSITORY, ["train"], gpu=[gpu])


def test_every_module_that_a_component_runs_is_tried() -> None:
    (recipe,) = stage_recipes(REPOSITORY, ["ingest"])

    assert modules_of(recipe) == ["components.ingest", "components.ingest.fingerprint"]


def test_the_image_of_beam_is_built_when_it_is_asked_for() -> None:
    (recipe,) = stage_recipes(REPOSITORY, ["beam"])

    assert (recipe.reference.partition(":")[0], recipe.is_stage) == ("sightline/beam", False)
    assert base_recipes(REPOSITORY, [recipe]) == []
    assert modules_of(recipe) == ["sightline", "sightline.batch.beam.running"]
    assert "beam" not in {one.name for one in stage_recipes(REPOSITORY)}


def test_a_wrapper_without_a_component_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "component.py").touch()

    with pytest.raises(UserError, match=r"its component\.py declares none with @stage_component"):
        modules_of(Recipe("trial", tmp_path / "Dockerfile"))


def test_the_lowest_base_stands_on_python_itself() -> None:
    assert base_of(REPOSITORY / "containers/data.Dockerfile") is None


def test_images_need_the_sources_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"received an installed package\. Clone"):
        repository_root(tmp_path / "site-packages/sightline/_house")


# The Docker SDK leaves its socket open when nobody answers; collected here, it warns here.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_without_an_engine_the_message_says_what_still_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")

    with pytest.raises(UserError, match=r"Expected a Docker engine.*works without one"):
        connect()
    gc.collect()


ROOMS = ("clouds", "ground", "stage", "problems", "client", "serving", "batch")
"""What a stage may stand on, in the order of the lines."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_dockerfile_copies_its_own_stage_and_runs_as_an_ordinary_user(stage: str) -> None:
    folder = REPOSITORY / "components" / stage
    text = (folder / "Dockerfile").read_text()
    rooms = rooms_behind(folder)

    copied = re.findall(r"^COPY ((?!containers/)\S+)", text, re.M)
    behind = [f"components/{other}/" for other in stages_behind(folder)]
    assert copied == [
        "sightline/__init__.py",
        *(f"sightline/{room}/" for room in ROOMS if room in rooms),
        "components/__init__.py",
        *behind,
        f"components/{stage}/",
    ]
    assert rooms <= set(ROOMS)
    assert text.rstrip().endswith("USER 1000")
    assert "ENTRYPOINT" not in text


@pytest.mark.parametrize("stage", STAGES)
def test_the_base_of_a_stage_holds_what_the_stage_imports(stage: str) -> None:
    bases = base_recipes(REPOSITORY, stage_recipes(REPOSITORY, [stage]))
    dockerfile = (REPOSITORY / "components" / stage / "Dockerfile").read_text()
    names = [
        *(f"{base.name}.in" for base in bases),
        *re.findall(r"install\.sh (\S+\.in)", dockerfile),
    ]
    lists = [REPOSITORY / "containers" / name for name in names]
    installed = set().union(*(requirements(path) for path in lists))

    imported = imported_distributions(REPOSITORY / "components" / stage)

    assert imported <= installed


def test_the_bases_hold_what_the_stage_library_imports() -> None:
    lists = [REPOSITORY / "containers" / name for name in ("data.in", "tensorflow.in")]
    installed = set().union(*(requirements(path) for path in lists))

    imported = imported_distributions(REPOSITORY / "sightline/stage")
    imported |= imported_distributions(REPOSITORY / "sightline/ground")
    imported |= imported_distributions(REPOSITORY / "sightline/problems")
    # Only who answers with ONNX imports it; export's image has it, others where somebody asks.
    imported -= requirements(REPOSITORY / "containers/export.in")

    assert imported <= installed


@pytest.mark.parametrize(
    "name",
    [
        "data.in",
        "deploy.in",
        "tensorflow.in",
        "tune.in",
        "evaluate.in",
        "export.in",
        "serving.in",
        "installer.in",
    ],
)
def test_everything_in_an_image_is_pinned_by_the_lock(name: str) -> None:
    lock = requirements(REPOSITORY / "containers/requirements.lock")

    wanted = requirements(REPOSITORY / "containers" / name)

    assert wanted <= lock


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    known = pins((REPOSITORY / "containers/requirements.lock").read_text())

    unmet = [
        line
        for line, wanted in ((line, Requirement(line)) for line in asked)
        if not wanted.specifier.contains(known.get(normalised(wanted.name), "0"))
    ]

    assert unmet == [], "run `make lock`"


def test_the_lock_for_gpus_holds_the_versions_of_the_other_one_and_cuda() -> None:
    text = (REPOSITORY / "containers/requirements.lock").read_text()
    on_processors, on_gpus = pins(text), pins((REPOSITORY / CUDA_LOCK).read_text())

    assert on_gpus["tensorflow"] == on_processors["tensorflow-cpu"]
    others = {name for name, version in on_gpus.items() if on_processors.get(name) != version}
    assert all(name.startswith("nvidia-") for name in others - {"tensorflow"}), "run `make lock`"
    assert requirements(REPOSITORY / "containers/tensorflow-cuda.in") <= on_gpus.keys()


def test_the_lock_of_beam_holds_the_versions_of_the_other_one_but_where_beam_wants_older() -> None:
    ours = pins((REPOSITORY / "containers/requirements.lock").read_text())
    beam = pins((REPOSITORY / "containers/beam.lock").read_text())

    others = {name for name, version in beam.items() if ours.get(name, version) != version}
    assert others == {"pillow", "pyarrow"}, "run `make lock`"
    for name in ("beam.in", "data.in"):
        assert requirements(REPOSITORY / "containers" / name) <= beam.keys(), "run `make lock`"


def test_the_image_of_beam_holds_what_its_command_imports() -> None:
    let_through = (REPOSITORY / ".dockerignore").read_text().splitlines()
    rooms = {line.removeprefix("!sightline/").removesuffix(".py") for line in let_through}

    imported = subprocess.run(
        [sys.executable, "-c", LOAD_A_PROJECT], capture_output=True, text=True, check=True
    )

    assert set(imported.stdout.split()) - {"sightline"} <= {
        room.removesuffix(".py") for room in rooms
    }


def entries(lock: str) -> dict[str, str]:
    """The lines of every distribution in a lock: pin, markers and hashes."""
    text = re.sub(r"\n +# via .*", "", (REPOSITORY / lock).read_text())
    return {entry.split("==")[0]: entry for entry in re.split(r"\n(?=\w)", text.strip())}


def test_the_lock_of_the_server_is_a_part_of_the_other_one() -> None:
    whole, part = entries("containers/requirements.lock"), entries(SERVING_LOCK)

    assert part.items() <= whole.items(), "run `make lock`"
    assert requirements(REPOSITORY / "containers/serving.in") <= part.keys(), "run `make lock`"


LOAD_A_PROJECT = """
import sys
from sightline.cli import main
sys.argv = ["sightline", "predict", "none.png", "--file", "none.yaml"]
try:
    main()
except SystemExit:
    pass
print(*{name.split(".")[1] for name in sys.modules if name.startswith("sightline.")})
"""
SERVE_WITH_ITS_LOCK = """
import sys
from pathlib import Path

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2].split():
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import sightline.serving.container.__main__, sightline.serving.container.check
from sightline.ground.storage.stores import StoreOptions, open_store
from sightline.serving.worker.answering import Answering
from sightline.problems.open_version import choose, open_version
import sightline.serving.worker.working
from sightline.serving.wire import Question
opened = open_version(choose(Path(sys.argv[1])), 0.05)
print(Answering(opened, 1, 1).reply(Question(call="describe")).status)
open_store("s3"), open_store("gs", StoreOptions(anonymous=True))
"""


def test_the_server_imports_nothing_outside_its_lock(tmp_path: Path) -> None:
    known = pins((REPOSITORY / SERVING_LOCK).read_text())
    of = packages_distributions()
    absent = [top for top in of if not {normalised(name) for name in of[top]} & known.keys()]
    ours = {"sightline", "components", "pipelines"}
    version = lay_version(tmp_path, 1)

    names = " ".join(sorted({*absent} - ours))
    command = [sys.executable, "-c", SERVE_WITH_ITS_LOCK, str(version), names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.partition("\n")[0]) == (0, "200"), done.stderr


def test_the_image_of_the_server_is_built_beside_those_of_the_stages() -> None:
    recipes = stage_recipes(REPOSITORY)

    text = recipes[-1].dockerfile.read_text()
    assert [recipe.name for recipe in recipes] == [*STAGES, "serving"]
    assert modules_of(recipes[-1]) == ["sightline.serving.container"]
    assert "USER 1000\n" in text
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize("lock", ["containers/requirements.lock", CUDA_LOCK, SERVING_LOCK])
def test_a_lock_pins_exactly_with_hashes_and_names_no_host(lock: str) -> None:
    text = (REPOSITORY / lock).read_text()

    pin, digest = r"[\w.-]+==[\w.]+(?: ; [^\\\n]+)?", r" \\\n    --hash=sha256:[0-9a-f]{64}"
    assert re.fullmatch(f"(?:{pin}(?:{digest})+\n(?:    # via .*\n)?)+", text)
    assert "://" not in text


def locked(*names: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    """What the script prints of the lock."""
    command = [str(REPOSITORY / "containers/locked.sh"), *names]
    return subprocess.run(command, input=lines, capture_output=True, text=True, check=False)


def test_entries_of_the_lock_are_printed_by_name_with_their_hashes() -> None:
    lock = (REPOSITORY / "containers/requirements.lock").read_text()

    printed = locked("pillow").stdout

    assert printed.startswith("pillow==")
    assert printed.count("--hash=") > 1
    assert f"\n{printed}" in lock
    assert locked(lines="# why\npillow==1.0\n").stdout == printed


def test_a_name_that_the_lock_does_not_hold_installs_nothing() -> None:
    done = locked("no-such-package")

    assert (done.returncode, done.stdout) == (1, "")


def run_python_base(tmp_path: Path, **commands: str) -> subprocess.CompletedProcess[str]:
    """Run the script where only the given commands exist, each with its shell text."""
    for name, text in commands.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)
    return subprocess.run(
        ["/bin/bash", str(REPOSITORY / "containers/python_base.sh")],
        env={"PATH": str(tmp_path), "CA_BUNDLE": str(tmp_path / "absent.crt")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_base_script_says_how_to_get_mmdebstrap(tmp_path: Path) -> None:
    done = run_python_base(tmp_path)

    assert done.returncode == 2
    assert "apt-get install mmdebstrap" in done.stderr


def test_the_base_script_needs_an_engine(tmp_path: Path) -> None:
    done = run_python_base(tmp_path, mmdebstrap="exit 0", docker="exit 1")

    assert done.returncode == 2
    assert "expected a Docker engine that answers" in done.stderr


def test_the_base_script_needs_certificates(tmp_path: Path) -> None:
    done = run_python_base(tmp_path, mmdebstrap="exit 0", docker="exit 0")

    assert done.returncode == 2
    assert "absent.crt; found none. Install ca-certificates or set CA_BUNDLE" in done.stderr
