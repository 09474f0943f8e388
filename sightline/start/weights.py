"""Whether pretrained ImageNet weights are on this machine or can be fetched."""

import json
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import ending_of, is_local

HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
DEFAULT_WEIGHTS = "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"


@dataclass(frozen=True, slots=True)
class WeightsState:
    """Whether the default backbone's weights can be had, and how that is known."""

    reachable: bool
    detail: str


def given_weights(weights: str) -> WeightsState:
    """Check weights that a person named; a URI is left for training to read, `none` is none.

    Raises:
        UserError: there is no such file.
    """
    if weights == "none":
        return WeightsState(True, "not wanted.")
    if is_local(weights) and not Path(weights).expanduser().is_file():
        raise UserError(
            f"--weights {weights}: expected a file of weights or a URI, found none. "
            "Leave the option out to use ImageNet weights, or write none to train without."
        )
    return WeightsState(True, f"given: {weights}.")


def is_whole_model(weights: str) -> bool:
    """Tell whether weights that a person named are a whole Keras model, a backbone of its own."""
    return ending_of(weights) == ".keras"


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
    """Look for the default backbone's weights in Keras's folder, then on the network."""
    cached = Path.home() / ".keras" / "models" / url.rsplit("/", 1)[-1]
    if cached.is_file():
        return WeightsState(True, f"on this machine: {cached}.")
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds):
            return WeightsState(True, "can be fetched when training needs them.")
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        return WeightsState(False, f"cannot be fetched here ({reason}).")
