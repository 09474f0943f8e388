"""The preprocessing contract as TensorFlow graph operations: for other servers of a SavedModel.

`arrays.py` is its twin on NumPy arrays and the truth; `graph_rule.py` refuses, before a decoder
sees them, the files whose pixels would differ.
"""

from typing import Any

import tensorflow as tf

from sightline.stage.imaging import graph_rule
from sightline.stage.imaging.contract import PreprocessingContract


def preprocess_batch(files: Any, contract: PreprocessingContract) -> Any:
    """Turn a string tensor [n] of image files into uint8 [n, image_size, image_size, channels].

    Raises:
        InvalidArgumentError: one of the files is of a kind that is refused, or damaged.
    """
    side, channels = contract.image_size, contract.channels
    return tf.map_fn(
        lambda data: preprocess(data, contract),
        files,
        fn_output_signature=tf.TensorSpec((side, side, channels), tf.uint8),
    )


def preprocess(data: Any, contract: PreprocessingContract) -> Any:
    """Turn one image file, a string scalar, into uint8 [image_size, image_size, channels]."""
    has_range = contract.value_range is not None
    return resize(decode(data, channels=contract.channels, has_range=has_range), contract)


def decode(data: Any, *, channels: int = 3, has_range: bool = False) -> Any:
    """Decode one image file into uint8 [height, width, channels], upright.

    Files that a `value_range` is for, which `has_range` tells of, are refused: it is not applied.

    Raises:
        InvalidArgumentError: the file is of a kind that `graph_rule` refuses, or damaged.
    """
    place, turn = graph_rule.judge(data, has_range=has_range)
    reason = tf.gather(tf.constant(list(graph_rule.REASONS)), place)
    said = tf.strings.join(["Expected an image file that both decoders read alike: ", reason])
    with tf.control_dependencies([tf.debugging.Assert(place == 0, [said])]):
        # Some runtimes drop assertions: a decoder must not see a refused file there either.
        data = tf.where(place == 0, data, "")

    def starts_with(mark: bytes) -> Any:
        return tf.strings.substr(data, 0, len(mark)) == mark

    rgb = tf.case(
        [
            (starts_with(b"\xff\xd8\xff"), lambda: _decode_jpeg(data)),
            (starts_with(b"\x89PNG"), lambda: _flatten(tf.io.decode_png(data, channels=4))),
            (starts_with(b"RIFF"), lambda: _decode_webp(data)),
        ],
        default=lambda: tf.io.decode_image(data, channels=3, expand_animations=False),
        exclusive=True,
    )
    rgb = _upright(tf.ensure_shape(rgb, (None, None, 3)), turn)
    return rgb if channels == 3 else to_grey(rgb)


def to_grey(rgb: Any) -> Any:
    """Turn uint8 [..., 3] into uint8 [..., 1] by luma."""
    weights = tf.constant([[0.2989], [0.587], [0.114]], tf.float32)
    grey = tf.tensordot(tf.cast(rgb, tf.float32), weights, axes=1)
    return tf.cast(tf.round(grey), tf.uint8)


def _decode_jpeg(data: Any) -> Any:
    # INTEGER_ACCURATE is what Pillow's decoder does: bit for bit the same pixels.
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_webp(data: Any) -> Any:
    # All are still ones: decode_webp corrupts memory on animated files (TensorFlow 2.21).
    image = tf.io.decode_webp(data)
    image = tf.cond(tf.equal(tf.rank(image), 4), lambda: image[0], lambda: image)
    has_alpha = tf.equal(tf.shape(image)[-1], 4)
    return tf.cond(has_alpha, lambda: _flatten(image), lambda: image)


def _flatten(rgba: Any) -> Any:
    alpha = tf.cast(rgba[..., 3:], tf.int32)
    colour = tf.cast(rgba[..., :3], tf.int32)
    return tf.cast((colour * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)


def _upright(image: Any, orientation: Any) -> Any:
    turned = tf.cond(orientation >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    flip_rows = tf.reduce_any(orientation == [3, 4, 7, 8])
    flip_columns = tf.reduce_any(orientation == [2, 3, 6, 7])
    turned = tf.cond(flip_rows, lambda: tf.reverse(turned, [0]), lambda: turned)
    return tf.cond(flip_columns, lambda: tf.reverse(turned, [1]), lambda: turned)


def resize(image: Any, contract: PreprocessingContract) -> Any:
    """Resize uint8 [height, width, channels] to the contract's square."""
    side = contract.image_size
    if contract.resize_mode == "squash":
        result = _scale(image, side, side, contract.interpolation)
    elif contract.resize_mode == "pad":
        result = _fit(image, side, contract.interpolation)
    else:
        larger = round(side * contract.crop_scale)
        start = (larger - side) // 2
        fitted = _fit(image, larger, contract.interpolation)
        result = fitted[start : start + side, start : start + side]
    return tf.ensure_shape(result, (side, side, contract.channels))


def _fit(image: Any, side: int, interpolation: str) -> Any:
    shape = tf.shape(image)
    longest = tf.maximum(shape[0], shape[1])
    height = tf.maximum(1, (2 * shape[0] * side + longest) // (2 * longest))
    width = tf.maximum(1, (2 * shape[1] * side + longest) // (2 * longest))
    scaled = _scale(image, height, width, interpolation)
    return tf.image.pad_to_bounding_box(
        scaled, (side - height) // 2, (side - width) // 2, side, side
    )


def _scale(image: Any, height: Any, width: Any, interpolation: str) -> Any:
    antialias = interpolation != "nearest"
    floats = tf.image.resize(image, (height, width), method=interpolation, antialias=antialias)
    return tf.cast(tf.clip_by_value(tf.round(tf.cast(floats, tf.float32)), 0, 255), tf.uint8)
