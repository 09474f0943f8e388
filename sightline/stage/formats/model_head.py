"""The head alone out of a model's file, for whoever has the features that it stands on."""

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.stage.formats.model import HEAD, described_file, load_keras
from sightline.stage.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    import keras


def load_head(folder: Path) -> "keras.Sequential":
    """Load the layers that make answers of features, float32 [n, f], and none of the backbone.

    They are those of `load_keras`, to the bit: building a backbone that is not asked takes 1.5
    processor seconds, these 0.05.

    Raises:
        DataError: the file is missing, or it is not the one that `model.json` describes.
    """
    import_tensorflow()
    import keras

    with zipfile.ZipFile(described_file(folder)) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
        weights = archive.read("model.weights.h5")
    head: keras.Sequential = keras.saving.deserialize_keras_object(
        next(layer for layer in layers if layer["config"]["name"] == HEAD)
    )
    with tempfile.TemporaryDirectory(prefix="sightline-head-") as temporary:
        own = Path(temporary) / "head.weights.h5"
        if not _copy_weights(weights, own):
            return load_keras(folder).get_layer(HEAD)
        head.load_weights(own)
    return head


def _copy_weights(weights: bytes, own: Path) -> bool:
    """Write the head's weights as a file of its own; no, where no weights are named as its."""
    import h5py

    with h5py.File(io.BytesIO(weights)) as source, h5py.File(own, "w") as target:
        # Keras files layers under the names of their classes, and writes their own beside.
        named: list[Any] = [
            layer
            for layer in source["layers"].values()
            if "vars" in layer and layer["vars"].attrs.get("name") == HEAD
        ]
        for layer in named:
            for part in layer:
                layer.copy(part, target)
    return len(named) == 1
