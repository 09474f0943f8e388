"""The rule of `kinds` as TensorFlow graph operations, so that it stands in the SavedModel.

One loop per format walks from segment to segment and keeps where they begin; everything else is
arithmetic on all of them at once. Branches inside the loop, which `kinds` has, would each be a
function of the graph: a SavedModel with those took over 15 seconds to load.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from sightline.ground.source.png_chunks import END as PNG_END
from sightline.ground.source.png_chunks import MARK as PNG_MARK
from sightline.stage.imaging import exif
from sightline.stage.imaging.kinds import bmp, gif, jpeg, png, rule, turning, webp
from sightline.stage.imaging.kinds.verdict import MAX_STEPS, Reason

REASONS = tuple(Reason)
Header = tuple[Any, Any, Any, Any]
"""Place of a reason, where the EXIF block begins (0 for none) and ends, whether there is XMP."""
NO_BLOCK = (0, 0, False)


class GraphFile:
    """The bytes of a file as a tensor; beyond the end lie zeros."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self._bytes = tf.io.decode_raw(tf.strings.join([data, b"\0"]), tf.uint8)
        self.size = tf.size(self._bytes, tf.int64) - 1

    def number(self, at: Any, num_bytes: int, *, little: Any = False) -> Any:
        """Return the unsigned number at each position of a tensor, int64 of its shape."""
        powers = [256**power for power in range(num_bytes)]
        weights = tf.where(little, powers, powers[::-1]) if tf.is_tensor(little) else None
        if weights is None:
            weights = tf.constant(powers if little else powers[::-1], tf.int64)
        return tf.reduce_sum(self._read(at, num_bytes) * tf.cast(weights, tf.int64), axis=-1)

    def starts(self, at: Any, mark: bytes) -> Any:
        """Tell for each position of a tensor whether `mark` lies there."""
        wanted = tf.constant(list(mark), tf.int64)
        return tf.reduce_all(self._read(at, len(mark)) == wanted, axis=-1)

    def holds(self, marks: tuple[bytes, ...], stop: Any) -> Any:
        """Tell whether the marks lie one after the other before `stop`."""
        head = tf.strings.substr(self.data, tf.constant(0, tf.int64), stop)
        # `.` is a whole UTF-8 character, `\C` any byte.
        pattern = rb"\C*".join((b"", *map(re.escape, marks), b""))
        return tf.strings.regex_full_match(head, pattern)

    def _read(self, at: Any, num_bytes: int) -> Any:
        at = tf.convert_to_tensor(at, tf.int64)
        places = at[..., tf.newaxis] + tf.range(num_bytes, dtype=tf.int64)
        return tf.cast(tf.gather(self._bytes, tf.minimum(places, self.size)), tf.int64)


def judge(data: Any, *, has_range: bool = False) -> tuple[Any, Any]:
    """Return the place of a file's reason in `REASONS` and how it is turned, EXIF 1 to 8.

    `has_range` tells whether the contract has a `value_range`.
    """
    file = GraphFile(data)
    is_jpeg, is_webp = file.starts(0, rule.JPEG_MARK), file.starts(0, rule.RIFF_MARK)
    formats: list[tuple[Any, Callable[[GraphFile], Header]]] = [
        (True, lambda _: _header([(True, Reason.UNKNOWN)])),
        (is_jpeg, _judge_jpeg),
        (file.starts(0, PNG_MARK), partial(_judge_png, has_range=has_range)),
        (tf.reduce_any([file.starts(0, mark) for mark in rule.GIF_MARKS]), _judge_gif),
        (file.starts(0, rule.BMP_MARK), _judge_bmp),
        (is_webp & file.starts(8, rule.WEBP_MARK), _judge_webp),
    ]
    place = tf.reduce_max([_where(holds, at, 0) for at, (holds, _) in enumerate(formats)])
    branches = [lambda judged=judged: judged(file) for _, judged in formats]
    reason, start, stop, in_xmp = tf.switch_case(tf.cast(place, tf.int32), branches)

    turn = _where(start > 0, _orientation(file, start, stop), exif.ABSENT)
    is_unheard = (turn == exif.UNREADABLE) | ((turn == exif.ABSENT) & in_xmp)
    is_unheard |= (turn > 1) & ~is_jpeg
    carrier = REASONS.index(Reason.CARRIER)
    return _where((reason == 0) & is_unheard, carrier, reason), tf.maximum(turn, 1)


def _header(judged: list[tuple[Any, Reason]], block: tuple[Any, Any, Any] = NO_BLOCK) -> Header:
    """Keep the first reason that holds, and what says how the file is turned."""
    holds = tf.stack([*(tf.convert_to_tensor(one) for one, _ in judged), tf.constant(True)])
    places = tf.constant([*(REASONS.index(reason) for _, reason in judged), 0], tf.int64)
    start, stop, in_xmp = block
    return (
        tf.gather(places, tf.argmax(tf.cast(holds, tf.int32))),
        tf.convert_to_tensor(start, tf.int64),
        tf.convert_to_tensor(stop, tf.int64),
        tf.convert_to_tensor(in_xmp),
    )


def _walk(file: GraphFile, start: int, following: Callable[[Any], Any]) -> Any:
    """Return the positions int64 [n] from `start` on; one at the file's size or beyond ends."""

    def step(at: Any, seen: Any) -> tuple[Any, Any]:
        return following(at), tf.concat([seen, [at]], axis=0)

    _, seen = tf.while_loop(
        lambda at, seen: (at < file.size) & (tf.size(seen) < MAX_STEPS),
        step,
        (tf.constant(start, tf.int64), tf.zeros([0], tf.int64)),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
    )
    return seen


def _judge_jpeg(file: GraphFile) -> Header:
    def read(at: Any) -> tuple[Any, Any, Any, Any]:
        head = file.number(at, 4)
        marker, length = head // 2**16 % 256, head % 2**16
        is_junk = (head // 2**24 != 0xFF) | (marker == 0xFF)
        is_alone = (marker >= jpeg.FIRST_RESTART) & (marker <= jpeg.START) | (marker <= 1)
        stop = at + _where(is_junk, 1, _where(is_alone, 2, 2 + length))
        return ~is_junk & ~is_alone, marker, at + 4, stop

    def following(at: Any) -> Any:
        is_segment, marker, _, stop = read(at)
        is_last = (marker == jpeg.PIXELS) | (marker == jpeg.END)
        return _where(is_segment & is_last, file.size, stop)

    is_segment, marker, starts, stops = read(_walk(file, 2, following))
    pixels = is_segment & (marker == jpeg.PIXELS)
    frames = is_segment & (marker >= jpeg.FIRST_CODING) & (marker <= jpeg.LAST_CODING)
    frames &= marker != jpeg.TABLES
    frame = _only(frames, starts)
    components = file.number(frame + 5, 1)
    is_known = tf.reduce_any(components == tf.constant(list(jpeg.COMPONENTS), tf.int64))
    is_coded = tf.reduce_any(_only(frames, marker) == tf.constant(list(jpeg.CODINGS), tf.int64))
    is_usual = (_count(frames) == 1) & (file.number(frame, 1) == 8) & is_coded & is_known
    adobe = is_segment & (marker == jpeg.ADOBE) & (stops - starts >= jpeg.ADOBE_BYTES)
    adobe &= file.starts(starts, jpeg.ADOBE_MARK)
    blocks = is_segment & (marker == jpeg.APP1) & file.starts(starts, turning.EXIF_MARK)
    block = _only(blocks, starts + len(turning.EXIF_MARK)), _only(blocks, stops)
    in_xmp = file.holds(jpeg.XMP_ORIENTATION, _only(pixels, starts))
    judged = [
        (~tf.reduce_any(pixels), Reason.ODD),
        (~is_usual, Reason.JPEG_CODING),
        ((components == 4) & ~tf.reduce_any(adobe), Reason.CMYK),
        (_count(blocks) > 1, Reason.CARRIER),
    ]
    return _header(judged, (*block, in_xmp))


def _judge_png(file: GraphFile, *, has_range: bool) -> Header:
    def following(at: Any) -> Any:
        return _where(file.starts(at + 4, PNG_END), file.size, at + 12 + file.number(at, 4))

    chunks, depth = _walk(file, 8, following), file.number(24, 1)
    first_pixels = tf.reduce_min(_where(file.starts(chunks + 4, png.PIXELS), chunks, file.size))
    transparent = tf.reduce_any(file.starts(chunks + 4, png.TRANSPARENT_COLOUR))
    used_bits = tf.reduce_any(file.starts(chunks + 4, png.USED_BITS))
    frames = file.starts(chunks + 4, png.FRAME) & (chunks < first_pixels)
    is_smaller = frames & (file.number(chunks + 12, 8) != file.number(16, 8))
    blocks = file.starts(chunks + 4, png.EXIF)
    chunk = _only(blocks, chunks)
    start, stop = _where(chunk > 0, chunk + 8, 0), chunk + 8 + file.number(chunk, 4)
    judged = [
        (~file.starts(12, png.HEADER), Reason.ODD),
        (depth < 8, Reason.SHALLOW),
        (tf.size(chunks) == MAX_STEPS, Reason.ODD),
        ((depth == 16) & transparent, Reason.TRANSPARENT),
        ((depth == 16) & used_bits, Reason.SIGNIFICANT),
        *([(depth == 16, Reason.RANGE)] if has_range else []),
        (tf.reduce_any(is_smaller), Reason.FRAME),
        (_count(blocks) > 1, Reason.CARRIER),
    ]
    return _header(judged, (start, stop, False))


def _judge_gif(file: GraphFile) -> Header:
    def step(at: Any, in_extension: Any, _: Any, steps: Any) -> tuple[Any, Any, Any, Any]:
        length = file.number(at, 1)
        begins = ~in_extension & (length == gif.EXTENSION)
        goes_on = in_extension & (length > 0)
        moved = at + _where(in_extension, 1 + length, _where(begins, 2, 0))
        return moved, begins | goes_on, ~in_extension & ~begins, steps + 1

    flags = file.number(10, 1)
    palette = 3 * tf.bitwise.left_shift(tf.constant(2, tf.int64), flags % 8)
    first = gif.HEADER_BYTES + _where(flags >= gif.HAS_PALETTE, palette, 0)
    at, _, is_found, _ = tf.while_loop(
        lambda at, _, is_found, steps: (at < file.size) & ~is_found & (steps < MAX_STEPS),
        step,
        (first, tf.constant(False), tf.constant(False), 0),
    )
    is_frame = is_found & (file.number(at, 1) == gif.FRAME)
    fills = (file.number(at + 1, 4) == 0) & (file.number(at + 5, 4) == file.number(6, 4))
    is_bare = (flags < gif.HAS_PALETTE) & (file.number(at + 9, 1) < gif.HAS_PALETTE)
    return _header([(~is_frame, Reason.ODD), (~fills, Reason.FRAME), (is_bare, Reason.ODD)])


def _judge_bmp(file: GraphFile) -> Header:
    header, bits = file.number(14, 4, little=True), file.number(28, 2, little=True)
    packing = file.number(30, 4, little=True)
    is_odd = (header < bmp.SMALLEST_HEADER) | (file.number(21, 1) >= 128)
    is_odd |= file.number(10, 4, little=True) < 14 + header
    is_grey = (bits == 8) & file.starts(14 + header, bmp.GREY_LEVELS)
    is_opaque = (header < bmp.MASKED_HEADER) | (file.number(66, 4) == 0)
    is_plain = (packing == bmp.BIT_FIELDS) & file.starts(54, bmp.BLUE_GREEN_RED) & is_opaque
    is_deep = (bits == 32) & is_plain
    is_same = tf.where(packing == bmp.UNPACKED, (bits == 24) | (bits == 32) | is_grey, is_deep)
    width, height = (file.number(at, 4, little=True) for at in (18, 22))
    num_rows = tf.minimum(height, 2**32 - height)
    size = file.number(10, 4, little=True) + bmp.row_bytes(width, bits) * num_rows
    judged = [
        (is_odd, Reason.ODD),
        (~is_same, Reason.BMP_DEPTH),
        (size != file.size, Reason.BMP_SIZE),
    ]
    return _header(judged)


def _judge_webp(file: GraphFile) -> Header:
    def following(at: Any) -> Any:
        length = file.number(at + 4, 4, little=True)
        return at + 8 + length + length % 2

    chunks = _walk(file, 12, following)
    firsts = (webp.EXTENDED, webp.LOSSY, webp.LOSSLESS)
    is_known = tf.reduce_any([file.starts(12, mark) for mark in firsts])
    says_moving = file.number(20, 1) // webp.IS_ANIMATED % 2 == 1
    moves = file.starts(chunks, webp.ANIMATION) | file.starts(chunks, webp.FRAME)
    blocks = file.starts(chunks, webp.EXIF)
    chunk = _only(blocks, chunks)
    stop = chunk + 8 + file.number(chunk + 4, 4, little=True)
    mark = _where(file.starts(chunk + 8, turning.EXIF_MARK), len(turning.EXIF_MARK), 0)
    start = _where(chunk > 0, chunk + 8 + mark, 0)
    is_moving = tf.reduce_any(moves) | (file.starts(12, webp.EXTENDED) & says_moving)
    judged = [
        (~is_known, Reason.ODD),
        (is_moving, Reason.ANIMATED_WEBP),
        (tf.size(chunks) == MAX_STEPS, Reason.ODD),
        (_count(blocks) > 1, Reason.CARRIER),
    ]
    return _header(judged, (start, stop, tf.reduce_any(file.starts(chunks, webp.XMP))))


def _where(holds: Any, yes: Any, no: Any) -> Any:
    """Choose between numbers, as int64: TensorFlow takes those of Python for int32."""
    return tf.where(holds, tf.cast(yes, tf.int64), tf.cast(no, tf.int64))


def _count(chosen: Any) -> Any:
    return tf.reduce_sum(tf.cast(chosen, tf.int32))


def _only(chosen: Any, values: Any) -> Any:
    """Return the value that is chosen, 0 where none is; of several, the largest."""
    return tf.maximum(tf.reduce_max(_where(chosen, values, 0), axis=0), 0)


def _orientation(file: GraphFile, start: Any, stop: Any) -> Any:
    """Return what `exif.orientation` returns."""
    little = file.starts(start, b"II*\0")
    directory = start + file.number(start + 4, 4, little=little)
    num_entries = file.number(directory, 2, little=little)
    last = directory + 2 + 12 * num_entries
    is_block = (little | file.starts(start, b"MM\0*")) & (num_entries <= exif.MAX_ENTRIES)
    is_block &= (last <= stop) & (stop <= file.size)

    places = tf.range(tf.minimum(num_entries, exif.MAX_ENTRIES))
    entries = directory + 2 + 12 * places
    tags, kinds = (file.number(entries + at, 2, little=little) for at in (0, 2))
    counts, values = (file.number(entries + at, 4, little=little) for at in (4, 8))
    widths = [exif.WIDTHS.get(kind, 1) for kind in range(max(exif.WIDTHS) + 2)]
    num_bytes = counts * tf.gather(
        tf.constant(widths, tf.int64), tf.minimum(kinds, len(widths) - 1)
    )
    is_turn = tags == exif.ORIENTATION_TAG
    first = tf.reduce_min(_where(is_turn, places, exif.MAX_ENTRIES))
    is_outside = (num_bytes > 4) & (start + values + num_bytes > stop) & (places < first)
    is_odd = is_turn & ((kinds != exif.SHORT) | (counts != 1))
    is_unreadable = tf.reduce_any(is_outside | is_odd) | (_count(is_turn) > 1) | ~is_block
    turn = _only(is_turn, file.number(entries + 8, 2, little=little))
    turn = _where((turn >= 1) & (turn <= 8), turn, 1)
    turn = _where(_count(is_turn) > 0, turn, exif.ABSENT)
    return _where(is_unreadable, exif.UNREADABLE, turn)
