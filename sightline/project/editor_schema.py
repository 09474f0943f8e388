"""JSON schema of `sightline.yaml`, for editors that complete and check while one types."""

from typing import Any

from sightline.project.roles import filled_settings
from sightline.project.sections import PipelineSection, Resources
from sightline.project.stages import settings_class, stage_names
from sightline.project.target_kinds import target_kinds

SCHEMA_NAME = "sightline.schema.json"


def editor_schema() -> dict[str, Any]:
    """Describe every section and setting of a settings file."""
    stages = {stage: _stage_schema(stage) for stage in stage_names()}
    resources = Resources.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of a Sightline project",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "pipeline": PipelineSection.model_json_schema(),
            **stages,
            "resources": {
                "type": "object",
                "description": "What each stage may use.",
                "additionalProperties": False,
                "properties": dict.fromkeys(stages, resources),
            },
            "targets": {
                "type": "object",
                "description": "Where the pipeline runs, by name.",
                "additionalProperties": {
                    "anyOf": [_inline(kind.model_json_schema()) for kind in target_kinds().values()]
                },
            },
        },
    }


def _stage_schema(stage: str) -> dict[str, Any]:
    schema = settings_class(stage).model_json_schema()
    required = [name for name in schema.get("required", []) if name not in filled_settings(stage)]
    return {**schema, "required": required}


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Put the definitions that a schema refers to in their places: it stands inside another."""
    definitions = schema.pop("$defs", {})

    def resolved(part: Any) -> Any:
        if isinstance(part, list):
            return [resolved(item) for item in part]
        if not isinstance(part, dict):
            return part
        found = definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
        return {key: resolved(item) for key, item in {**found, **part}.items() if key != "$ref"}

    inlined: dict[str, Any] = resolved(schema)
    return inlined
