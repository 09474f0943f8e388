"""The protobuf message that a TFRecord holds."""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto


@cache
def example_class() -> Any:
    """Build the message class of tensorflow/core/example/example.proto, as far as we write it."""
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="tf", syntax="proto3")
    _add_message(file, "BytesList", _FIELD(name="value", number=1, type=12, label=3))
    _add_message(file, "Int64List", _FIELD(name="value", number=1, type=3, label=3))
    _add_message(file, "FloatList", _FIELD(name="value", number=1, type=2, label=3))
    feature = _add_message(
        file,
        "Feature",
        _child("bytes_list", 1, "BytesList"),
        _child("float_list", 2, "FloatList"),
        _child("int64_list", 3, "Int64List"),
    )
    feature.oneof_decl.add(name="kind")
    for field in feature.field:
        field.oneof_index = 0
    features = _add_message(file, "Features", _child("feature", 1, "Features.Entry", label=3))
    entry = features.nested_type.add(name="Entry")
    entry.field.append(_FIELD(name="key", number=1, type=9, label=1))
    entry.field.append(_child("value", 2, "Feature"))
    entry.options.map_entry = True
    _add_message(file, "Example", _child("features", 1, "Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tf.Example"))


def _add_message(file: Any, name: str, *fields: Any) -> Any:
    message = file.message_type.add(name=name)
    message.field.extend(fields)
    return message


def _child(name: str, number: int, message: str, *, label: int = 1) -> Any:
    return _FIELD(name=name, number=number, type=11, label=label, type_name=f".tf.{message}")
