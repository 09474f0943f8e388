"""Whether pretrained ImageNet weights are on this machine or can be fetched."""

import json
import os
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.backbones.kept_weights import available, weights_here
from sightline.ground.backbones.table import BACKBONES, DEFAULT
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import is_local

HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
DEFAULT_WEIGHTS = f"mobilenet_v2/{BACKBONES[DEFAULT].keras_file}"


@dataclass(frozen=True, slots=True)
class WeightsState:
    """Whether the default backbone's weights can be had, and how that is known."""

    reachable: bool
    detail: str


def given_weights(weights: str) -> WeightsState:
    """Check weights that a person named; a URI is left for training to read, `none` is none.

    The name of a backbone stands for what this machine keeps of it.

    Raises:
        UserError: there is no such file, or nothing is kept under that name.
    """
    if weights == "none":
        return WeightsState(True, "not wanted.")
    if weights in BACKBONES:
        if weights not in available(os.environ):
            raise UserError(
                f"--weights {weights}: expected its weights on this machine, found none. Fetch "
                f"them: sightline weights fetch {weights}"
            )
        return WeightsState(True, f"those of {weights} that this machine has.")
    if is_local(weights) and not Path(weights).expanduser().is_file():
        raise UserError(
            f"--weights {weights}: expected a file of weights or a URI, found none. "
            "Leave the option out to use ImageNet weights, or write none to train without."
        )
    return WeightsState(True, f"given: {weights}.")


def image_size_of(model: str) -> int | None:
    """Return which image size a whole Keras model takes; None where its file does not say."""
    try:
        with zipfile.ZipFile(Path(model).expanduser()) as archive:
            config = json.loads(archive.read("config.json"))
        shapes = [layer["config"]["batch_shape"] for layer in config["config"]["layers"][:1]]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
    sizes = {side for shape in shapes for side in shape[1:3]}
    side = sizes.pop() if len(sizes) == 1 else None
    return side if isinstance(side, int) else None


def weights_state(*, url: str = HOST + DEFAULT_WEIGHTS, timeout_seconds: float = 4) -> WeightsState:
    """Look for the default backbone's weights on this machine, then outside."""
    if here := weights_here(os.environ).get(DEFAULT):
        return WeightsState(True, f"on this machine: {here[0].path}.")
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds):
            return WeightsState(True, "can be fetched when training needs them.")
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        return WeightsState(False, f"cannot be fetched here ({reason}).")
