import hashlib
from pathlib import Path

import pytest

from sightline import __version__
from sightline.platform.errors import UserError
from sightline.platform.image_build import build_images, debian_image
from sightline.platform.image_smoke import modules_of, try_image
from sightline.platform.images import Recipe, find_stages, stage_recipes

pytestmark = [pytest.mark.docker, pytest.mark.slow]

REPOSITORY = Path(__file__).parents[2]
STAGES = find_stages(REPOSITORY)


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
    (home / "component.py").write_text(f'container("components.{stage}")\n')
    (home / "__main__.py").write_text("print('help')\n")
    (folder / "components/__init__.py").touch()
    (home / "__init__.py").touch()
    return folder


def build_alone(engine, folder: Path, stage: str) -> Recipe:
    """Build one stage of a small project, without its base."""
    from sightline.platform.image_build import build_image

    recipe = Recipe(stage, folder / "components" / stage / "Dockerfile")
    build_image(engine, folder, recipe, {}, lambda _: None)
    return recipe


@pytest.fixture
def throwaway(docker_engine, stage_images, request):
    """The name of a stage whose image is removed after the test."""
    stage = "trial"
    yield stage
    docker_engine.images.remove(f"sightline/{stage}:{__version__}", force=True)


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_answers_help_as_an_ordinary_user(docker_engine, stage_images, stage: str) -> None:
    image = stage_images[stage].reference

    said = in_container(docker_engine, image, "python3", "-m", f"components.{stage}", "--help")
    user = in_container(docker_engine, image, "id", "-un").strip()

    assert said.startswith(f"usage: python -m components.{stage}")
    assert user == "sightline"


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_holds_its_own_stage_and_no_other(docker_engine, stage_images, stage: str) -> None:
    image = stage_images[stage].reference

    listing = in_container(docker_engine, image, "find", "/sightline", "-name", "*.py")

    folders = {Path(line).relative_to("/sightline").parts[:2] for line in listing.split()}
    assert {parts[1] for parts in folders if parts[0] == "components"} == {"__init__.py", stage}
    assert {parts[1] for parts in folders if parts[0] == "sightline"} == {"__init__.py", "stage"}


def test_light_images_hold_no_tensorflow(docker_engine, stage_images) -> None:
    image = stage_images["ingest"].reference
    probe = "import importlib.util as u; print(u.find_spec('tensorflow'), u.find_spec('pip'))"

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


def test_every_module_that_a_component_runs_is_tried() -> None:
    (recipe,) = stage_recipes(REPOSITORY, ["ingest"])

    assert modules_of(recipe) == ["components.ingest", "components.ingest.fingerprint"]


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
