import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sightline import __version__
from sightline.ground.errors import UserError
from sightline.images.build import build_images
from sightline.images.content import image_content
from sightline.images.dockerfile import build_image
from sightline.images.platform import require_platform
from sightline.images.python import debian_image
from sightline.images.recipes import Recipe, find_stages
from sightline.images.record import read_images
from sightline.images.smoke import try_image
from sightline.targets.local.code_version import stages_behind
from tests.registry_server import registry
from tests.sightline.command_line import sightline

pytestmark = [pytest.mark.docker, pytest.mark.slow]

REPOSITORY = Path(__file__).parents[2]
STAGES = find_stages(REPOSITORY)
ROOMS_FOR_STAGES = {"__init__.py", "ground", "problems", "stage"}
ROOMS_BESIDE = {"predict": {"batch", "client", "serving"}, "deploy": {"clouds"}}


def in_container(engine, image: str, *command: str, **options: object) -> str:
    output = engine.containers.run(
        image, list(command), remove=True, network_mode="none", **options
    )
    return output.decode()


def repository(folder: Path, stage: str, dockerfile: str) -> Path:
    """A small project with one stage, on the real light base."""
    home = folder / "components" / stage
    home.mkdir(parents=True)
    (folder / "containers").mkdir()
    text = (REPOSITORY / "containers/data.Dockerfile").read_text()
    (folder / "containers/data.Dockerfile").write_text(text)
    (home / "Dockerfile").write_text(f"FROM sightline/data:{__version__}\n{dockerfile}")
    (home / "component.py").write_text(f"@stage_component(Settings)\ndef {stage}(): ...\n")
    (home / "__main__.py").write_text("print('help')\n")
    (folder / "components/__init__.py").touch()
    (home / "__init__.py").touch()
    return folder


def build_alone(engine, folder: Path, stage: str) -> Recipe:
    """Build one stage of a small project, without its base."""
    recipe = Recipe(stage, folder / "components" / stage / "Dockerfile")
    build_image(engine, folder, recipe, {}, lambda _: None)
    return recipe


@pytest.fixture
def throwaway(docker_engine, stage_images, request):
    """The name of a stage whose image is removed after the test."""
    stage = "trial"
    yield stage
    docker_engine.images.remove(f"sightline/{stage}:{__version__}", force=True)


@pytest.fixture(scope="module")
def looks(docker_engine, stage_images) -> dict[str, list[str]]:
    """By stage: its image's user, the sources in it, and its help, from one container each."""
    command = "id -un; find /sightline -name '*.py'; python3 -m components.{} --help"
    return {
        stage: in_container(
            docker_engine, image.reference, "sh", "-ec", command.format(stage)
        ).splitlines()
        for stage, image in stage_images.items()
        if stage in STAGES
    }


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_answers_help_as_an_ordinary_user(looks: dict[str, list[str]], stage: str) -> None:
    user, *lines = looks[stage]

    said = [line for line in lines if not line.startswith("/sightline/")]

    assert said[0].startswith(f"usage: python -m components.{stage}")
    assert user == "sightline"


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_holds_its_own_stage_and_those_that_it_is_made_of(
    looks: dict[str, list[str]], stage: str
) -> None:
    sources = [line for line in looks[stage] if line.startswith("/sightline/")]

    folders = {Path(line).relative_to("/sightline").parts[:2] for line in sources}

    behind = stages_behind(REPOSITORY / "components" / stage)
    own = {"__init__.py", stage, *behind}
    assert {parts[1] for parts in folders if parts[0] == "components"} == own
    rooms = {parts[1] for parts in folders if parts[0] == "sightline"}
    assert rooms <= ROOMS_FOR_STAGES | ROOMS_BESIDE.get(stage, set())


@pytest.mark.parametrize("stage", ["ingest", "deploy"])
def test_light_images_hold_litert_and_no_tensorflow(
    docker_engine, stage_images, stage: str
) -> None:
    probe = (
        "import importlib.util as u, ai_edge_litert.interpreter; "
        "print(u.find_spec('tensorflow'), u.find_spec('pip'))"
    )

    image = stage_images[stage].reference
    found = in_container(docker_engine, image, "python3", "-c", probe).split()

    assert found == ["None", "None"]


def test_an_image_runs_under_any_user_id(docker_engine, stage_images) -> None:
    image = stage_images["ingest"].reference
    probe = "touch $HOME/a /minio/b && mkdir -p /gcs/bucket && echo written"

    said = in_container(docker_engine, image, "bash", "-c", probe, user="54321:54321")

    assert said.strip() == "written"


def test_an_image_trusts_the_certificates_of_the_machine(docker_engine, stage_images) -> None:
    image = stage_images["ingest"].reference

    inside = in_container(docker_engine, image, "sha256sum", "/etc/ssl/certs/ca-certificates.crt")

    here = hashlib.sha256(Path("/etc/ssl/certs/ca-certificates.crt").read_bytes()).hexdigest()
    assert inside.split()[0] == here


def test_images_carry_no_environment_of_the_machine_that_built_them(
    docker_engine, stage_images
) -> None:
    known = {"PATH", "LANG", "HOME", "PYTHONPATH", "PYTHONUNBUFFERED", "MPLBACKEND"}
    known |= {"SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "TF_CPP_MIN_LOG_LEVEL"}

    environments = [
        docker_engine.images.get(image.reference).attrs["Config"]["Env"]
        for image in stage_images.values()
    ]

    assert {entry.split("=")[0] for entries in environments for entry in entries} <= known


def test_a_debian_base_that_is_there_is_not_made_again(docker_engine, stage_images) -> None:
    said: list[str] = []

    tag = debian_image(docker_engine, REPOSITORY, said.append)

    assert tag.startswith("sightline/python:debian-bookworm-")
    assert "there already" in said[0]


@pytest.mark.parametrize(
    ("dockerfile", "fault"),
    [
        ("COPY components components\n", "runs as root"),
        ('COPY components components\nUSER sightline\nENTRYPOINT ["true"]\n', "ENTRYPOINT"),
        (
            "COPY components components\nRUN touch components/test_it.py\nUSER sightline\n",
            "holds tests",
        ),
        (
            "COPY components components\nRUN mkdir kfp && touch kfp/__init__.py\nUSER sightline\n",
            "holds .'kfp'.",
        ),
    ],
    ids=["root", "entrypoint", "tests", "kfp"],
)
def test_an_unfit_image_is_refused(
    docker_engine, throwaway: str, tmp_path: Path, dockerfile: str, fault: str
) -> None:
    recipe = build_alone(docker_engine, repository(tmp_path, throwaway, dockerfile), throwaway)

    with pytest.raises(UserError, match=fault):
        try_image(docker_engine, recipe)


def test_a_stage_that_fails_on_help_is_refused_with_what_it_said(
    docker_engine, throwaway: str, tmp_path: Path
) -> None:
    folder = repository(tmp_path, throwaway, "COPY components components\nUSER sightline\n")
    (folder / "components" / throwaway / "__main__.py").write_text("import absent_module\n")
    recipe = build_alone(docker_engine, folder, throwaway)

    with pytest.raises(UserError, match=r"to exit with 0; received 1(.|\n)*absent_module"):
        try_image(docker_engine, recipe)


def test_a_broken_dockerfile_shows_what_the_build_said(
    docker_engine, stage_images, tmp_path: Path
) -> None:
    folder = repository(tmp_path, "broken", "USER root\nRUN echo started && false\n")

    with pytest.raises(UserError, match=r"Correct .*Dockerfile(.|\n)*started"):
        build_alone(docker_engine, folder, "broken")


def test_a_python_image_that_cannot_be_pulled_names_the_ways_out(
    docker_engine, stage_images
) -> None:
    with pytest.raises(UserError, match=r"pass --base with one that can, or --from-debian"):
        build_images(
            repository=REPOSITORY,
            stages=["ingest"],
            base="registry.invalid/python:3.11",
            report=lambda _: None,
        )


def test_an_image_has_its_version_and_its_content_as_tags(docker_engine, stage_images) -> None:
    image = stage_images["ingest"]

    found = docker_engine.images.get(image.reference)

    content = image_content(REPOSITORY, "ingest", image.python_image)
    assert image.content == content
    assert {f"sightline/ingest:{__version__}", f"sightline/ingest:{content}"} <= set(found.tags)
    assert image.id == found.id


def test_only_the_newest_content_stays_as_a_tag(docker_engine, stage_images) -> None:
    image = docker_engine.images.get(stage_images["ingest"].reference)
    image.tag("sightline/ingest", "0123456789ab")
    image.tag("sightline/ingest", "kept")

    (built,) = build_images(
        repository=REPOSITORY, stages=["ingest"], from_debian=True, report=lambda _: None
    )

    tags = {tag for known in docker_engine.images.list("sightline/ingest") for tag in known.tags}
    docker_engine.images.remove("sightline/ingest:kept")
    assert {"sightline/ingest:kept", f"sightline/ingest:{built.content}"} <= tags
    assert "sightline/ingest:0123456789ab" not in tags


@pytest.fixture
def team(docker_engine, tmp_path: Path):
    """A place in a registry; Docker forgets afterwards what was pushed there."""
    with registry(tmp_path / "registry") as address:
        yield f"{address}/team"
    for image in docker_engine.images.list():
        for name in {*image.tags, *image.attrs["RepoDigests"]}:
            if name.startswith(address):
                docker_engine.images.remove(name, force=True)


@pytest.fixture
def small_house(docker_engine, tmp_path: Path) -> Iterator[Path]:
    """A copy of the project whose one stage needs Python alone: its image goes round quickly."""
    house = tmp_path / "house"
    for folder in ("sightline", "containers"):
        shutil.copytree(
            REPOSITORY / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(REPOSITORY / ".dockerignore", house)
    small_recipe(
        house,
        "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\nENV PYTHONPATH=/sightline\nWORKDIR /sightline\n"
        "COPY components/small components/small\nUSER 1000\n",
        stage="small",
    )
    (house / "components/small/__main__.py").write_text("print('usage: small')\n")
    yield house
    for tag in docker_engine.images.get(f"sightline/small:{__version__}").tags:
        docker_engine.images.remove(tag)


def test_a_built_and_pushed_stage_can_be_pulled_by_its_digest(
    docker_engine, stage_images, small_house: Path, team: str, tmp_path: Path
) -> None:
    settings, record = tmp_path / "sightline.yaml", tmp_path / "sightline.images.json"
    command = [sys.executable, "-m", "sightline", "images", "build", "small", "--from-debian"]

    ended, again = (
        subprocess.run(
            [*command, "--push", team, "--file", settings],
            cwd=small_house,
            env={**os.environ, "PYTHONPATH": str(small_house)},
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(2)
    )
    pushed = read_images(record).pinned(team, "small")
    assert pushed is not None, ended.stderr
    docker_engine.images.remove(f"{team}/sightline-small:{pushed.content}")
    docker_engine.images.pull(pushed.reference)
    said = in_container(
        docker_engine, pushed.reference, "python3", "-m", "components.small", "--help"
    )

    assert (ended.returncode, again.returncode) == (0, 0)
    assert " MB sent" in ended.stdout
    assert f"Recorded in {record}; commit it" in " ".join(ended.stdout.split())
    assert f"{pushed.content}: there already, sha256:" in again.stdout
    assert said.startswith("usage: small")


def test_a_registry_that_does_not_answer_ends_the_command_before_a_build(docker_engine) -> None:
    ended = sightline("images", "build", "ingest", "--from-debian", "--push", "registry.invalid/p")

    assert ended.code == 2
    assert "building" not in ended.out
    assert "There is no such host" in ended.err
    assert "Traceback" not in ended.err


def test_a_damaged_record_ends_the_command_before_a_build(docker_engine, tmp_path: Path) -> None:
    (tmp_path / "sightline.images.json").write_text("{")
    settings = tmp_path / "sightline.yaml"

    ended = sightline("images", "build", "ingest", "--push", "localhost:9", "--file", settings)

    assert (ended.code, ended.out) == (2, "")
    assert "or remove it and push again" in ended.err


def test_the_machine_of_this_engine_cannot_be_given_to_another_platform(docker_engine) -> None:
    other = other_platform(docker_engine)

    with pytest.raises(UserError, match=rf"expected --base with an image for {other}; received --"):
        build_images(repository=REPOSITORY, from_debian=True, platform=other, report=lambda _: None)


def test_a_python_image_for_another_platform_is_refused_before_a_build(
    docker_engine, stage_images
) -> None:
    other = other_platform(docker_engine)
    base, lines = stage_images["ingest"].python_image, []

    with pytest.raises(UserError, match=rf"docker pull --platform {other} {base}"):
        build_images(repository=REPOSITORY, base=base, platform=other, report=lines.append)

    assert lines == []


def test_an_image_that_came_out_for_another_platform_is_refused(
    docker_engine, stage_images
) -> None:
    other = other_platform(docker_engine)
    image = stage_images["ingest"]

    require_platform(docker_engine, image.reference, image.platform, image.python_image)
    with pytest.raises(UserError, match=rf"expected an image for {other}; the one that Docker has"):
        require_platform(docker_engine, image.reference, other, image.python_image)


def test_a_processor_that_the_engine_cannot_emulate_is_named(docker_engine, tmp_path: Path) -> None:
    """The shell of the base is a program for the processor s390x."""
    program = bytearray(Path("/bin/true").read_bytes())
    program[18:20] = (22).to_bytes(2, "little")
    base = archive({"bin/sh": bytes(program)})
    docker_engine.api.import_image_from_data(base, repository="sightline/other", tag="1")
    recipe = small_recipe(tmp_path, "FROM sightline/other:1\nRUN true\n")

    with pytest.raises(UserError, match=r"cannot run programs of linux/arm64\. Build on a machine"):
        build_image(docker_engine, tmp_path, recipe, {}, lambda _: None, "linux/arm64")

    docker_engine.images.remove("sightline/other:1", force=True)


def test_a_base_that_is_not_there_for_the_platform_is_named(docker_engine, tmp_path: Path) -> None:
    kind = "application/vnd.docker.distribution.manifest.list.v2+json"
    manifests = {"schemaVersion": 2, "mediaType": kind, "manifests": []}

    with registry(tmp_path / "registry") as address:
        httpx.put(
            f"http://{address}/v2/python/manifests/1",
            content=json.dumps(manifests),
            headers={"Content-Type": kind},
        ).raise_for_status()
        recipe = small_recipe(tmp_path, f"FROM {address}/python:1\n")
        with pytest.raises(UserError, match=r"Pass --base with an image .* for linux/arm64"):
            build_image(docker_engine, tmp_path, recipe, {}, lambda _: None, "linux/arm64")


def test_images_for_another_platform_stand_beside_the_others(
    docker_engine, stage_images, tmp_path: Path
) -> None:
    """The image says another processor than it is for, so it runs as under an emulation."""
    other = other_platform(docker_engine)
    base = relabelled(docker_engine, stage_images["ingest"].python_image, other)
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers/data.Dockerfile").write_text(
        "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\nENV PYTHONPATH=/sightline\n"
        "RUN useradd --uid 1000 sightline\nWORKDIR /sightline\n"
    )
    small_recipe(
        tmp_path, "ARG VERSION\nFROM sightline/data:${VERSION}\nCOPY . .\nUSER sightline\n"
    )

    (built,) = build_images(repository=tmp_path, base=base, platform=other, report=lambda _: None)

    suffix = other.replace("/", "-")
    tags = docker_engine.images.get(built.id).tags
    docker_engine.images.remove(built.id, force=True)
    for name in (f"sightline/data:{__version__}-{suffix}", base):
        docker_engine.images.remove(name, force=True)
    assert built.platform == other
    assert set(tags) == {
        f"sightline/trial:{__version__}-{suffix}",
        f"sightline/trial:{built.content}-{suffix}",
    }


def other_platform(engine) -> str:
    """The platform that this engine does not run on."""
    return "linux/arm64" if engine.version()["Arch"] == "amd64" else "linux/amd64"


def small_recipe(folder: Path, dockerfile: str, stage: str = "trial") -> Recipe:
    """A project with one stage that answers everything with nothing."""
    home = folder / "components" / stage
    home.mkdir(parents=True)
    (home / "Dockerfile").write_text(dockerfile)
    (home / "component.py").write_text(f"@stage_component(Settings)\ndef {stage}(): ...\n")
    (home / "__main__.py").touch()
    return Recipe(stage, home / "Dockerfile")


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def relabelled(engine, reference: str, platform: str) -> str:
    """The same image, whose settings name another platform; Docker has its layers already."""
    name = f"sightline/relabelled:{platform.replace('/', '-')}"
    known = engine.images.get(reference).attrs
    layers = known["RootFS"]["Layers"]
    system, processor = platform.split("/")
    settings = {
        "os": system,
        "architecture": processor,
        "config": known["Config"],
        "rootfs": {"type": "layers", "diff_ids": layers},
    }
    manifest = {
        "Config": "settings.json",
        "RepoTags": [name],
        "Layers": [f"{number}.tar" for number in range(len(layers))],
    }
    described = {"settings.json": settings, "manifest.json": [manifest]}
    engine.images.load(archive({name: json.dumps(it).encode() for name, it in described.items()}))
    return name
