"""`sightline doctor`: what this machine has, and what to do about what it lacks."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sightline.ground.backbones.kept_weights import available
from sightline.ground.backbones.table import DEFAULT, STRONGER
from sightline.ground.cores import usable_cores
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.machine_cache import OFF, VARIABLE, cache_folder, contents
from sightline.project.settings import Project, load_project
from sightline.start.extensions import broken_extensions, extensions
from sightline.start.model_check import examined_versions
from sightline.start.weights import weights_state

PARTS = ("kfp", "tensorflow-cpu", "tensorflow", "keras", "numpy", "pandas", "pyarrow", "pillow")
ENOUGH_MEMORY_GB = 4
ENOUGH_DISK_GB = 5


State = Literal["ok", "warning", "problem"]
MadeLive = Callable[[Project, int], str]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    remedy: str = ""


def examine(file: Path, made_live: MadeLive) -> Iterator[Check]:
    """Look at Python, parts, extensions, machine, Docker, weights, TensorFlow, settings, models.

    Gives each check when it is done, because TensorFlow takes seconds to import.

    Args:
        file: settings of the project.
        made_live: which run put a version live, and why.
    """
    yield check_python()
    yield check_parts()
    yield check_extensions()
    yield check_cores()
    yield check_memory()
    yield check_disk(file.absolute().parent)
    yield check_cache(os.environ)
    yield check_settings(file)
    yield check_docker()
    yield check_weights()
    yield check_tensorflow()
    yield check_gpus()
    yield check_model(file, made_live)


def check_python() -> Check:
    """Check the version of Python."""
    version = platform.python_version()
    if version.startswith("3.11."):
        return Check("Python", "ok", version)
    return Check(
        "Python", "problem", version, "Use Python 3.11: make a virtual environment with it."
    )


def check_parts() -> Check:
    """Check that the parts are installed, and name their versions."""
    versions = {}
    for part in PARTS:
        try:
            versions[part] = importlib.metadata.version(part)
        except importlib.metadata.PackageNotFoundError:
            continue
    missing = [p for p in PARTS if p not in versions and not p.startswith("tensorflow")]
    if missing or not {"tensorflow", "tensorflow-cpu"} & set(versions):
        names = ", ".join(missing or ["tensorflow"])
        return Check("Parts", "problem", f"missing: {names}", "Install them: pip install -e .")
    return Check("Parts", "ok", ", ".join(f"{name} {text}" for name, text in versions.items()))


def check_extensions() -> Check:
    """Name what installed packages add, and what of it cannot be used."""
    added: dict[str, list[str]] = {}
    for one in extensions():
        added.setdefault(one.package, []).append(f"{one.group.removesuffix('s')} {one.name}")
    found = "; ".join(f"{package}: {', '.join(names)}" for package, names in added.items())
    if broken := list(broken_extensions()):
        return Check("Extensions", "problem", found, "\n".join(broken))
    return Check("Extensions", "ok", found or "none: no installed package adds anything")


def check_cores() -> Check:
    """Count the cores that this process may use."""
    return Check("Cores", "ok", str(usable_cores()))


def check_memory() -> Check:
    """Check the memory of the machine."""
    try:
        size_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError, AttributeError):
        return Check("Memory", "warning", "could not be read on this system")
    if size_gb >= ENOUGH_MEMORY_GB:
        return Check("Memory", "ok", f"{size_gb:.1f} GB")
    return Check(
        "Memory",
        "warning",
        f"{size_gb:.1f} GB",
        "Lower train.batch_size and preprocess.image_size.",
    )


def check_disk(folder: Path) -> Check:
    """Check the free space where runs go."""
    while not folder.exists():
        folder = folder.parent
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb >= ENOUGH_DISK_GB:
        return Check("Disk", "ok", f"{free_gb:,.0f} GB free in {folder}")
    return Check(
        "Disk", "warning", f"{free_gb:.1f} GB free in {folder}", "Remove old folders below runs/."
    )


def check_cache(environment: Mapping[str, str]) -> Check:
    """Say where the machine's cache lies and what it holds."""
    name, folder = "Machine's cache", cache_folder(environment)
    if folder is None:
        off = f"none: {VARIABLE} is {OFF}, or there is no home folder"
        return Check(name, "ok", off)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        remedy = f"Set {VARIABLE} to a folder of your own: backbones are converted anew each time."
        return Check(name, "warning", f"{folder}: cannot be written", remedy)
    return Check(name, "ok", f"{folder}: {contents(folder)}")


def check_tensorflow(timeout_seconds: int = 120) -> Check:
    """Import TensorFlow in a process of its own, because a broken one can end the process."""
    code = "import tensorflow as tf; print(tf.reduce_sum(tf.ones(3)).numpy())"
    try:
        done = _run_alone(code, timeout_seconds)
    except subprocess.TimeoutExpired:
        return Check(
            "TensorFlow",
            "problem",
            f"did not import within {timeout_seconds} s",
            "Stop other programs, or use a machine with more memory.",
        )
    if done.returncode == 0:
        return Check("TensorFlow", "ok", "imports and computes")
    lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
    return Check(
        "TensorFlow",
        "problem",
        lines[-1],
        "Install it again: pip install --force-reinstall tensorflow-cpu",
    )


def _run_alone(code: str, timeout_seconds: int) -> "subprocess.CompletedProcess[str]":
    """Run TensorFlow in a process of its own, without its notes."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=timeout_seconds,
    )


def check_gpus(timeout_seconds: int = 120) -> Check:
    """Name this machine's GPUs, and ask TensorFlow, in a process of its own, which it can use."""
    from sightline.project.gpus import gpus_here

    here = gpus_here()
    if not here:
        return Check("GPUs", "ok", "none: `nvidia-smi`, of NVIDIA's driver, names none")
    code = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    try:
        done = _run_alone(code, timeout_seconds)
        usable = int(done.stdout.strip() or 0)
    except (subprocess.TimeoutExpired, ValueError):
        usable = 0
    names = ", ".join(here)
    if usable:
        return Check("GPUs", "ok", f"{names}; a stage uses them that resources.<stage>.gpu names")
    return Check(
        "GPUs",
        "warning",
        f"{names}; TensorFlow can use none",
        "Install its build with CUDA: pip install 'sightline-vision[gpu]', or in a clone: make "
        "demo GPU=1. If it is installed, see that NVIDIA's driver is as new as CUDA.",
    )


def check_docker() -> Check:
    """Ask the Docker engine for its version; only the docker launcher needs it."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=5)
        try:
            return Check("Docker", "ok", f"engine {client.version()['Version']}")
        finally:
            client.close()
    except (DockerException, OSError):
        return Check(
            "Docker",
            "warning",
            "no engine answers",
            "Only --launcher docker needs one: install docker.io and start dockerd.",
        )


def check_weights() -> Check:
    """Check whether pretrained weights are here or can be fetched."""
    state = weights_state()
    here = ", ".join(available(os.environ))
    found = f"{state.detail} Here: {here}." if here else state.detail
    if state.reachable:
        return Check("ImageNet weights", "ok", found)
    return Check(
        "ImageNet weights",
        "warning",
        found,
        f"Fetch some: sightline weights fetch {STRONGER}. Or bring a file: sightline weights "
        f"add FILE --as {DEFAULT}. Or train from scratch.",
    )


def check_settings(file: Path) -> Check:
    """Check the settings file."""
    if not file.is_file():
        return Check("Settings", "warning", f"no {file}", "Write one: sightline init PHOTOS")
    try:
        project = load_project(file)
    except UserError as error:
        return Check("Settings", "problem", str(error))
    return Check("Settings", "ok", f"{project.path}")


def check_model(file: Path, made_live: MadeLive) -> Check:
    """Check that the versions of the project's model are whole and the live one answers rightly."""
    name = "Live model"
    if not file.is_file():
        return Check(name, "ok", "no project here")
    try:
        project = load_project(file)
        if not is_local(project.model_address):
            listed = f"in {project.model_address}: sightline models list"
            return Check(name, "ok", listed)
        folder = project.model_folder
        found = examined_versions(folder, ask=True)
    except UserError as error:
        return Check(name, "problem", str(error))
    if not found:
        return Check(name, "ok", f"none yet in {folder}")
    damaged = {number: reason for number, reason in found.items() if reason}
    if not damaged:
        repeats = f"version {max(found)} repeats its golden answers, in {folder}"
        return Check(name, "ok", repeats, made_live(project, max(found)))
    reasons = f"version {max(damaged)}: {damaged[max(damaged)]}"
    return Check(name, "problem", reasons, "Put a whole one live: sightline run")
