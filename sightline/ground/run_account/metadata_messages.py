"""The messages of Kubeflow's metadata store (up to 2.17) that are read here, and no others.

The store's own package is not kept for newer versions of Python. Numbers are those of
`ml_metadata/proto/metadata_store.proto` and `metadata_store_service.proto`.
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, message_factory, struct_pb2
from google.protobuf.descriptor_pool import DescriptorPool

PACKAGE = "sightline.ml_metadata"
STRUCT = struct_pb2.Struct.DESCRIPTOR.full_name
# Message -> fields as (number, type, name); `*` marks what is repeated.
FIELDS: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Value": (
        (1, "int64", "int_value"),
        (2, "double", "double_value"),
        (3, "string", "string_value"),
        (4, STRUCT, "struct_value"),
        (6, "bool", "bool_value"),
    ),
    # What a map is on the wire.
    "Property": ((1, "string", "key"), (2, "Value", "value")),
    "Context": ((1, "int64", "id"),),
    "Execution": (
        (1, "int64", "id"),
        (3, "int64", "last_known_state"),
        (5, "*Property", "custom_properties"),
    ),
    "Artifact": ((1, "int64", "id"), (3, "string", "uri"), (5, "*Property", "custom_properties")),
    "Step": ((1, "int64", "index"), (2, "string", "key")),
    "Path": ((1, "*Step", "steps"),),
    "Event": (
        (1, "int64", "artifact_id"),
        (2, "int64", "execution_id"),
        (3, "Path", "path"),
        (4, "int64", "type"),
    ),
    "ContextRequest": ((1, "string", "type_name"), (2, "string", "context_name")),
    "ContextResponse": ((1, "Context", "context"),),
    "PageOptions": ((1, "int64", "max_result_size"), (3, "string", "next_page_token")),
    "ExecutionsRequest": ((1, "int64", "context_id"), (2, "PageOptions", "options")),
    "ExecutionsResponse": ((1, "*Execution", "executions"), (2, "string", "next_page_token")),
    "EventsRequest": ((1, "*int64", "execution_ids"),),
    "EventsResponse": ((1, "*Event", "events"),),
    "ArtifactsRequest": ((1, "*int64", "artifact_ids"),),
    "ArtifactsResponse": ((1, "*Artifact", "artifacts"),),
}
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "int64": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "string": _Field.TYPE_STRING,
    "bool": _Field.TYPE_BOOL,
}


def _fields(message: str) -> Iterator[Any]:
    for number, written, name in FIELDS[message]:
        repeated, kind = written.startswith("*"), written.removeprefix("*")
        label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
        field = _Field(name=name, number=number, label=label)
        if kind in _SCALARS:
            field.type = _SCALARS[kind]
        else:
            field.type = _Field.TYPE_MESSAGE
            field.type_name = f".{kind if kind == STRUCT else f'{PACKAGE}.{kind}'}"
        yield field


def _classes() -> dict[str, Any]:
    pool = DescriptorPool()
    struct = descriptor_pb2.FileDescriptorProto()
    struct_pb2.DESCRIPTOR.CopyToProto(struct)
    pool.Add(struct)
    file = descriptor_pb2.FileDescriptorProto(
        name="sightline/ml_metadata.proto",
        package=PACKAGE,
        dependency=[struct.name],
        message_type=[
            descriptor_pb2.DescriptorProto(name=name, field=list(_fields(name))) for name in FIELDS
        ],
    )
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in FIELDS
    }


MESSAGES = _classes()
