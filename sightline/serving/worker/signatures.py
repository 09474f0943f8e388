"""The signatures of a SavedModel, read without TensorFlow."""

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.json_format import MessageToDict

_FIELD = descriptor_pb2.FieldDescriptorProto
STRING, INT64, BOOL, ENUM, MESSAGE = 9, 3, 8, 14, 11
ONE, MANY = 1, 3
TYPES = (
    *("INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8"),
    *("STRING", "COMPLEX64", "INT64", "BOOL"),
)
MESSAGES: dict[str, list[tuple[str, int, int, int, str]]] = {
    "Dim": [("size", 1, INT64, ONE, ""), ("name", 2, STRING, ONE, "")],
    "TensorShape": [("dim", 2, MESSAGE, MANY, "Dim"), ("unknown_rank", 3, BOOL, ONE, "")],
    "TensorInfo": [
        ("dtype", 2, ENUM, ONE, "DataType"),
        ("tensor_shape", 3, MESSAGE, ONE, "TensorShape"),
        ("name", 1, STRING, ONE, ""),
    ],
    "SignatureDef": [
        ("inputs", 1, MESSAGE, MANY, "SignatureDef.InputsEntry"),
        ("outputs", 2, MESSAGE, MANY, "SignatureDef.OutputsEntry"),
        ("method_name", 3, STRING, ONE, ""),
        ("defaults", 4, MESSAGE, MANY, "SignatureDef.DefaultsEntry"),
    ],
    "Tensor": [],
    "MetaGraph": [("signature_def", 5, MESSAGE, MANY, "MetaGraph.SignatureDefEntry")],
    "SavedModel": [("meta_graphs", 2, MESSAGE, MANY, "MetaGraph")],
}
MAPS = {
    "SignatureDef": {
        "InputsEntry": "TensorInfo",
        "OutputsEntry": "TensorInfo",
        "DefaultsEntry": "Tensor",
    },
    "MetaGraph": {"SignatureDefEntry": "SignatureDef"},
}


def read_signatures(version: Path) -> dict[str, Any]:
    """Return the signatures of a SavedModel as JSON values, as TensorFlow Serving writes them."""
    content = saved_model_class().FromString((version / "saved_model.pb").read_bytes())
    return {
        name: MessageToDict(
            signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        for name, signature in content.meta_graphs[0].signature_def.items()
    }


@cache
def saved_model_class() -> Any:
    """Build the class of tensorflow/core/protobuf/saved_model.proto, as far as it is read here."""
    file = descriptor_pb2.FileDescriptorProto(name="saved.proto", package="tf", syntax="proto3")
    kinds = file.enum_type.add(name="DataType")
    for number, name in enumerate(TYPES):
        kinds.value.add(name=f"DT_{name}", number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        message.field.extend(_field(*field) for field in fields)
        for entry_name, value in MAPS.get(name, {}).items():
            entry = message.nested_type.add(name=entry_name)
            entry.field.append(_field("key", 1, STRING, ONE, ""))
            entry.field.append(_field("value", 2, MESSAGE, ONE, value))
            entry.options.map_entry = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tf.SavedModel"))


def _field(name: str, number: int, kind: int, label: int, of: str) -> Any:
    type_name = f".tf.{of}" if of else None
    return _FIELD(name=name, number=number, type=kind, label=label, type_name=type_name)
