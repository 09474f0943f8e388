"""Write TFRecord files of `tf.train.Example` without TensorFlow.

TensorFlow takes seconds to import, and the `tfrecord` package registers the same protobuf names
as TensorFlow, so both cannot live in one process. Here protobuf does the encoding with a
descriptor pool of its own, and google-crc32c the checksums.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

import google_crc32c

from sightline.stage.closing import Closing

FeatureValue = bytes | int | Sequence[int] | Sequence[float]
Features = dict[str, FeatureValue]
CRC_MASK = 0xA282EAD8


class TFRecordWriter(Closing):
    """Append examples to one TFRecord file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, features: Features) -> None:
        """Append one example.

        Bytes become a BytesList, whole numbers an Int64List, other numbers a FloatList; an empty
        sequence becomes a feature without values.
        """
        # Whoever only names a feature, as every stage does, need not wait for protobuf.
        from sightline.stage.formats.tfrecord.message import example_class

        example = example_class()()
        for name, value in features.items():
            feature = example.features.feature[name]
            if isinstance(value, bytes):
                feature.bytes_list.value.append(value)
            elif isinstance(value, int):
                feature.int64_list.value.append(value)
            elif all(isinstance(item, int) for item in value):
                # Extending by nothing would still make the feature one of whole numbers.
                if value:
                    feature.int64_list.value.extend(value)
            else:
                feature.float_list.value.extend(value)
        record = example.SerializeToString(deterministic=True)
        length = struct.pack("<Q", len(record))
        self._file.write(length + _masked_crc(length) + record + _masked_crc(record))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def damage_in(path: Path) -> str:
    """Return what is wrong with a TFRecord file, or an empty text."""
    with path.open("rb") as file:
        number = 0
        while head := file.read(12):
            number += 1
            if len(head) < 12 or _masked_crc(head[:8]) != head[8:]:
                return f"record {number} does not begin as one"
            (length,) = struct.unpack("<Q", head[:8])
            record, checksum = file.read(length), file.read(4)
            if len(record) < length or _masked_crc(record) != checksum:
                return f"record {number} does not match its checksum"
    return ""


def _masked_crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    rotated = ((crc >> 15) | (crc << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + CRC_MASK) & 0xFFFFFFFF)
