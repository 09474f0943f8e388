"""Try a built stage image: does it start, and does it hold only what it should."""

import json
import re
from typing import NoReturn

import docker
from docker.errors import ContainerError

from sightline.ground.errors import UserError
from sightline.images.recipes import OF_NO_STAGE, Recipe, module_of

# What the user's side and the tests need. In an image it would cost size, start-up and conflicts.
UNWANTED_PACKAGES = ("kfp", "docker", "pytest", "hypothesis", "moto")

CUDA_PROBE = "import tensorflow as tf; print(tf.sysconfig.get_build_info()['is_cuda_build'])"
PROBE = """
import importlib.util, json, os, pathlib, subprocess, sys
asked = json.loads(sys.argv[1])
found = [name for name in asked["packages"] if importlib.util.find_spec(name)]
files = pathlib.Path("/sightline").rglob("*.py")
tests = [str(path) for path in files if "tests" in path.parts or path.name.startswith("test_")]
ended = [
    [done.returncode, done.stdout, done.stderr]
    for command in asked["commands"]
    for done in [subprocess.run(command, capture_output=True, text=True)]
]
print(json.dumps({"user": os.getuid(), "packages": found, "tests": tests, "ended": ended}))
"""


def try_image(engine: docker.DockerClient, recipe: Recipe, platform: str | None = None) -> None:
    """Ask each command of the stage for --help in a container, and look at what the image holds.

    It is one container for all: to start one takes longer than what is asked in it.

    `platform` is that of the image where the engine runs on another one.

    Raises:
        UserError: the command fails, or the image runs as root, has an ENTRYPOINT, or holds
            packages or tests that belong to the user's side.
    """
    entrypoint = engine.images.get(recipe.reference).attrs["Config"].get("Entrypoint")
    if entrypoint and recipe.is_stage:
        # kfp.local runs an ENTRYPOINT in place of the command and reports success.
        _refuse(recipe, f"it has an ENTRYPOINT, {entrypoint}; remove it")
    commands = [["python3", "-m", module, "--help"] for module in modules_of(recipe)]
    commands += [["python3", "-c", CUDA_PROBE]] if recipe.gpu else []
    asked = json.dumps({"packages": UNWANTED_PACKAGES, "commands": commands})
    found = json.loads(_run(engine, recipe, ["python3", "-c", PROBE, asked], platform))
    for command, (code, _, said) in zip(commands, found["ended"], strict=True):
        if code != 0:
            raise _failed(recipe, command, code, said)
    if found["user"] == 0:
        _refuse(recipe, "it runs as root; end the Dockerfile with `USER 1000`")
    if found["packages"]:
        _refuse(recipe, f"it holds {found['packages']}; take them out of containers/*.in")
    if recipe.gpu and found["ended"][-1][1] != "True\n":
        _refuse(recipe, "its TensorFlow is for processors; correct containers/tensorflow-cuda.in")
    if found["tests"]:
        _refuse(recipe, f"it holds tests, {found['tests']}; take them out of COPY")


def modules_of(recipe: Recipe) -> list[str]:
    """Name what an image must be able to start: of a stage, what its wrapper says."""
    if not recipe.is_stage:
        return [*OF_NO_STAGE[recipe.name]]
    wrapper = recipe.dockerfile.with_name("component.py").read_text(encoding="utf-8")
    components = re.findall(r"^@stage_component\(.*\)\ndef (\w+)", wrapper, re.MULTILINE)
    if not components:
        _refuse(recipe, "its component.py declares none with @stage_component")
    return sorted(module_of(f"components.{recipe.name}", name) for name in components)


def _refuse(recipe: Recipe, fault: str) -> NoReturn:
    raise UserError(f"{recipe.reference} is not fit to run: {fault}.")


def _run(
    engine: docker.DockerClient, recipe: Recipe, command: list[str], platform: str | None
) -> str:
    try:
        output = engine.containers.run(
            recipe.reference,
            command[1:],
            entrypoint=command[:1],
            remove=True,
            network_mode="none",
            platform=platform,
        )
    except ContainerError as error:
        said = error.stderr.decode() if isinstance(error.stderr, bytes) else str(error.stderr)
        raise _failed(recipe, command, error.exit_status, said) from error
    return bytes(output).decode()


def _failed(recipe: Recipe, command: list[str], code: int, said: str) -> UserError:
    return UserError(
        f"{recipe.reference}: expected `{' '.join(command[:3])}` to exit with 0; received "
        f"{code}. Correct the stage and build again. It said:\n{said.strip()}"
    )
