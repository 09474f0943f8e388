"""A backbone from a file: a whole Keras model without its top, which scales pixels itself."""

import keras

from components.train.weights import local_file
from sightline.ground.errors import DataError, SettingsError, one_line

RGB = 3
REMEDY = "Save the model without its top, from Keras 3: model.save('backbone.keras')."


def load_model_file(source: str, *, image_size: int, pooling: str | None) -> keras.Model:
    """Load a backbone: RGB pixels 0 to 255 to features.

    Args:
        source: path or URI of the file.
        image_size: side of the images in pixels.
        pooling: `avg` for one vector an image, None for the feature map.

    Raises:
        SettingsError: it takes images of another size.
        WeightsUnavailable: there is no such file, or it cannot be fetched.
        DataError: the file holds no backbone.
    """
    with local_file(source) as path:
        try:
            # A file may come from anywhere: safe mode runs no code of it.
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises what it likes on what it does not know
            raise _refused(
                source,
                "a whole Keras model with layers of Keras alone, no lambda and no class of its own",
                one_line(error),
            ) from error
    _check_ends(model, source)
    _check_image_size(model, source, image_size)
    return _with_pooling(model, source, pooling)


def innermost(model: keras.Model) -> list[keras.layers.Layer]:
    """Return a model's layers in their order, in place of each model among them its layers."""
    return [
        inner
        for layer in model.layers
        for inner in (innermost(layer) if isinstance(layer, keras.Model) else [layer])
    ]


def _check_ends(model: keras.Model, source: str) -> None:
    inputs, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    if len(inputs) != 1 or len(outputs) != 1:
        raise _refused(
            source,
            "a model with one input and one output",
            f"it has {len(inputs)} and {len(outputs)}",
        )
    received, features = inputs[0].shape, outputs[0]
    if len(received) != 4 or received[-1] != RGB:
        raise _refused(
            source, "a model of RGB images [n, size, size, 3]", f"its input is {received}"
        )
    if len(features.shape) not in (2, 4) or features.dtype != "float32":
        raise _refused(
            source,
            "features float32 [n, d] or [n, height, width, d]",
            f"its output is {features.dtype} {features.shape}",
        )
    last = innermost(model)[-1]
    activation = getattr(last, "activation", None)
    if isinstance(last, keras.layers.Softmax) or activation is keras.activations.softmax:
        raise _refused(source, "a model without its top", f"its layer {last.name} is a softmax")


def _check_image_size(model: keras.Model, source: str, image_size: int) -> None:
    height, width = model.inputs[0].shape[1:3]
    if (height or image_size, width or image_size) == (image_size, image_size):
        return
    if height == width:
        remedy = f"Set preprocess.image_size to {height}."
    else:
        remedy = "Images become squares, so take another train.backbone."
    raise SettingsError(
        f"train.backbone: expected a backbone for images of {image_size} px, as "
        f"preprocess.image_size says; {source} takes {height} x {width} px. {remedy}"
    )


def _with_pooling(model: keras.Model, source: str, pooling: str | None) -> keras.Model:
    features = model.outputs[0]
    has_map = len(features.shape) == 4
    if pooling and has_map:
        features = keras.layers.GlobalAveragePooling2D(name="backbone_pool")(features)
    if not pooling and not has_map:
        raise _refused(
            source, "a feature map, which this kind of head takes", "its features are pooled"
        )
    return keras.Model(model.inputs, features, name="backbone")


def _refused(source: str, expected: str, received: str) -> DataError:
    return DataError(
        f"train.backbone: expected {expected}; {source} is not one: {received}. {REMEDY}"
    )
