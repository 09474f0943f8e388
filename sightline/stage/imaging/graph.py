"""The preprocessing contract as TensorFlow graph operations: for other servers of a SavedModel.

`arrays.py` is its twin on NumPy arrays and the truth; `kinds.py` says of which files the pixels are
equal. Of that rule, the graph holds what the first bytes tell, and refuses before a decoder sees
the file: animated WebP, WebP with EXIF or XMP, PNG under 8 bits, BMP other than 24 and 32 bits and
grey. It cannot tell CMYK JPEG without an Adobe marker, JPEG orientation in XMP or in an unusual
place, EXIF in PNG, 16-bit PNG with a transparent colour, and GIF with a first frame that does not
fill the canvas: such files get other pixels here. A walk through the segments as nested graph
functions refused them too, but made a SavedModel take over 15 seconds to load.
"""

from typing import Any

import tensorflow as tf

from sightline.stage.imaging import kinds
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.imaging.exif import ORIENTATION_TAG

# Orientation sits in the first directory of the EXIF block, which precedes the pixels.
EXIF_SEARCH_BYTES = kinds.GRAPH_SEES
EXIF_MARK = kinds.EXIF_MARK
MAX_EXIF_ENTRIES = 64


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
    return resize(decode(data, channels=contract.channels), contract)


def decode(data: Any, *, channels: int = 3) -> Any:
    """Decode one image file into uint8 [height, width, channels], upright.

    Raises:
        InvalidArgumentError: the file is of a kind that `_reason` refuses, or damaged.
    """
    place = _reason(data)
    reason = tf.gather(kinds.REASONS, place)
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
    rgb = tf.ensure_shape(rgb, (None, None, 3))
    return rgb if channels == 3 else to_grey(rgb)


def _reason(data: Any) -> Any:
    """Return the place of a refusal in `kinds.REASONS`, 0 where a decoder may see the file."""
    padded = tf.strings.substr(tf.strings.join([data, b"\0" * 64]), 0, 64)
    head = tf.ensure_shape(tf.cast(tf.io.decode_raw(padded, tf.uint8), tf.int32), (64,))

    def starts(mark: bytes, at: int = 0) -> Any:
        return tf.strings.substr(padded, at, len(mark)) == mark

    is_png, is_webp = starts(b"\x89PNG"), starts(b"RIFF")
    is_bmp, is_extended = starts(b"BM"), is_webp & starts(b"VP8X", 12)
    flags, bits = head[20], head[28]
    levels = tf.strings.substr(tf.strings.join([data, b"\0" * 1078]), 54, len(kinds.GREY_LEVELS))
    is_grey = (bits == 8) & (head[14] == 40) & (head[30] == 0) & (levels == kinds.GREY_LEVELS)
    is_known = starts(b"\xff\xd8\xff") | is_png | is_webp | is_bmp | starts(b"GIF8")
    judged = [
        (~is_known, kinds.UNKNOWN),
        (is_extended & (flags // 2 % 2 == 1), kinds.ANIMATED_WEBP),
        (is_extended & (flags // 4 % 4 > 0), kinds.CARRIER),
        (is_png & (head[24] < 8), kinds.SHALLOW),
        (is_bmp & (bits != 24) & (bits != 32) & ~is_grey, kinds.BMP_DEPTH),
        (is_bmp & ((head[30] != 0) | (head[21] >= 128)), kinds.BMP_DEPTH),
    ]
    return tf.reduce_max([tf.where(holds, place, 0) for holds, place in judged])


def to_grey(rgb: Any) -> Any:
    """Turn uint8 [..., 3] into uint8 [..., 1] by luma."""
    weights = tf.constant([[0.2989], [0.587], [0.114]], tf.float32)
    grey = tf.tensordot(tf.cast(rgb, tf.float32), weights, axes=1)
    return tf.cast(tf.round(grey), tf.uint8)


def _decode_jpeg(data: Any) -> Any:
    # INTEGER_ACCURATE is what Pillow's decoder does: bit for bit the same pixels.
    image = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    return _upright(image, _orientation(data))


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


def _orientation(data: Any) -> Any:
    """Return the EXIF orientation of a JPEG file, 1 to 8; 1 where there is none."""
    head = tf.strings.substr(data, 0, EXIF_SEARCH_BYTES)
    values = tf.cast(tf.io.decode_raw(head, tf.uint8), tf.int32)
    size = tf.size(values)
    span = tf.maximum(size - len(EXIF_MARK) + 1, 0)
    matches = tf.ones([span], tf.bool)
    for offset, byte in enumerate(EXIF_MARK):
        matches = matches & (values[offset : offset + span] == byte)
    found = tf.reduce_any(matches)
    start = tf.cast(tf.argmax(tf.cast(matches, tf.int32)), tf.int32) + len(EXIF_MARK)
    return tf.cond(found, lambda: _read_orientation(values, start), lambda: tf.constant(1))


def _read_orientation(values: Any, start: Any) -> Any:
    last = tf.size(values) - 1
    little = values[tf.minimum(start, last)] == ord("I")

    def number(positions: Any, num_bytes: int) -> Any:
        places = positions[..., tf.newaxis] + tf.range(num_bytes)
        # Bytes beyond the search window read as zero: no orientation, never an error.
        digits = tf.where(places <= last, tf.gather(values, tf.minimum(places, last)), 0)
        digits = tf.cond(little, lambda: tf.reverse(digits, axis=[-1]), lambda: digits)
        return tf.reduce_sum(digits * [256**power for power in reversed(range(num_bytes))], axis=-1)

    directory = start + tf.clip_by_value(number(start + 4, 4), 0, EXIF_SEARCH_BYTES)
    num_entries = tf.minimum(number(directory, 2), MAX_EXIF_ENTRIES)
    entries = directory + 2 + 12 * tf.range(num_entries)
    tagged = number(entries, 2) == ORIENTATION_TAG
    value = tf.reduce_max(tf.where(tagged, number(entries + 8, 2), 0), axis=0)
    return tf.where((value >= 1) & (value <= 8), value, 1)


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
