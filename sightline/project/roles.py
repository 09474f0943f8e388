"""What the stages say of their settings and of themselves, so that nobody names a stage for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from sightline.ground.settings import Role
from sightline.project.stages import settings_class, stage_names

MODEL_ROLES: tuple[Role, ...] = ("model folder", "live model", "answering model")
"""Settings whose stages work in the model folder."""


def settings_filled_with(role: Role) -> Iterator[tuple[str, str]]:
    """Yield the settings that are filled in with something: stage and name."""
    for stage in stage_names():
        for name in filled_settings(stage):
            if _mark(settings_class(stage).model_fields[name], "filled") == role:
                yield stage, name


def is_filled_beside(stage: str, name: str, given: Mapping[str, Any]) -> bool:
    """Tell whether a setting is filled in where a user gave these values to its stage."""
    where = _mark(settings_class(stage).model_fields[name], "filled_where")
    wanted = where if isinstance(where, dict) else {}
    return all(given.get(other) == value for other, value in wanted.items())


def needed_settings(stage: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield settings that must not be empty beside these values of the stage: name and remedy."""
    for name in _marked(stage, "needed"):
        field = settings_class(stage).model_fields[name]
        where = _mark(field, "needed_where")
        wanted = where if isinstance(where, dict) else {}
        if all(given.get(other) in values for other, values in wanted.items()):
            yield name, str(_mark(field, "needed"))


def filled_settings(stage: str) -> list[str]:
    """Name the settings of a stage that are filled in for whoever does not set them."""
    return _marked(stage, "filled")


def needs_word(stage: str) -> bool:
    """Tell whether a stage has a setting that neither a default nor Sightline fills in."""
    filled = filled_settings(stage)
    fields = settings_class(stage).model_fields
    return any(one.is_required() and name not in filled for name, one in fields.items())


def first_settings(stage: str) -> list[str]:
    """Name the settings of a stage that a new settings file shows."""
    return _marked(stage, "first")


def model_stages() -> frozenset[str]:
    """Name the stages that read or write the folder of the model's versions."""
    return frozenset(stage for role in MODEL_ROLES for stage, _ in settings_filled_with(role))


def deploying_stages() -> frozenset[str]:
    """Name the stages that make a model live."""
    return frozenset(stage for stage, _ in settings_filled_with("model folder"))


def gpu_stages() -> tuple[str, ...]:
    """Name the stages that have a use for a GPU."""
    return tuple(stage for stage in stage_names() if settings_class(stage).uses_gpu)


def uses_shared_memory(stage: str) -> bool:
    """Tell whether a stage passes data through /dev/shm."""
    return settings_class(stage).uses_shared_memory


def _marked(stage: str, mark: str) -> list[str]:
    fields = settings_class(stage).model_fields
    return [name for name, field in fields.items() if _mark(field, mark)]


def _mark(field: FieldInfo, mark: str) -> object:
    extra = field.json_schema_extra
    return extra.get(mark) if isinstance(extra, dict) else None
