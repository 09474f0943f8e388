from pathlib import Path

import pytest

from sightline.stage.formats.model import save_keras

pytestmark = [
    pytest.mark.slow,
    # Keras 3.15 with TensorFlow 2.21 calls NumPy the older way.
]


def test_equal_models_are_saved_as_equal_bytes(tmp_path: Path) -> None:
    import keras

    def network() -> keras.Model:
        # Layers with one policy between them: Keras writes its address in memory into the file.
        policy = keras.DTypePolicy("float32")
        keras.utils.set_random_seed(1)
        layers = [keras.layers.Dense(2, dtype=policy, name=name) for name in ("first", "last")]
        return keras.Sequential([keras.Input((4,), name="pixels"), *layers], name="network")

    one, other = network(), network()

    assert save_keras(one, tmp_path / "one") == save_keras(other, tmp_path / "other")
    loaded = keras.saving.load_model(tmp_path / "one" / "model.keras", compile=False)
    assert [layer.dtype_policy.name for layer in loaded.layers] == ["float32", "float32"]
