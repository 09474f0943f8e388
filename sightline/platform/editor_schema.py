"""JSON schema of `sightline.yaml`, for editors that complete and check while one types."""

from typing import Any

from sightline.platform.sections import PipelineSection, Resources, Target
from sightline.platform.stages import settings_class, stage_names

SCHEMA_NAME = "sightline.schema.json"
FILLED = {"deploy": {"folder"}}
"""Settings that a stage requires and Sightline fills in."""


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
                "additionalProperties": Target.model_json_schema(),
            },
        },
    }


def _stage_schema(stage: str) -> dict[str, Any]:
    schema = settings_class(stage).model_json_schema()
    required = [name for name in schema.get("required", []) if name not in FILLED.get(stage, ())]
    return {**schema, "required": required}
