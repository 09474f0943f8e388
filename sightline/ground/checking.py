"""Check one section of settings and say what is wrong where, in a user's words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from sightline.ground.errors import SettingsError, nearest, shorten
from sightline.ground.settings import StageSettings
from sightline.ground.wording import expectation

Model = TypeVar("Model", bound=BaseModel)
Place = Callable[[str], str]
"""Says where a setting, such as `epochs` or `kubernetes.volumes.0.claim`, was given.

An empty name stands for the section as a whole.
"""


def check_section(
    model: type[Model],
    section: str,
    given: Mapping[str, Any],
    place: Place,
    *,
    instead: Mapping[str, Any] | None = None,
) -> Model:
    """Build a section's settings.

    Args:
        model: what the section takes.
        section: its name.
        given: its values.
        place: where each stands.
        instead: what the settings file has where something else was given on top of it.

    Raises:
        SettingsError: one sentence per unknown or wrong setting, with its place.
    """
    known = list(model.model_fields)
    replaced = model.replaced if issubclass(model, StageSettings) else {}
    for name in given:
        if name not in known:
            full, others = f"{section}.{name}", _prefixed(section, known)
            raise SettingsError(unknown_setting(full, others, place(name), replaced))
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        wrong = {issue["loc"]: issue for issue in error.errors()}
    said = (_wrong(model, section, issue, place, instead or {}) for issue in wrong.values())
    raise SettingsError("\n".join(said))


def _wrong(
    model: type[BaseModel],
    section: str,
    issue: Mapping[str, Any],
    place: Place,
    instead: Mapping[str, Any],
) -> str:
    """Say what is wrong with one setting, which may stand in a section inside the section."""
    # A check of several settings together has no place of its own.
    *above, name = (str(part) for part in issue["loc"] or ("",))
    owner = _model_at(model, above)
    if owner is None or (name not in owner.model_fields and issue["type"] != "extra_forbidden"):
        # One item of a list or of free names: the setting that holds it says what it takes.
        while above and (owner is None or name not in owner.model_fields):
            name = above.pop()
            owner = _model_at(model, above)
    where = place(".".join([*above, name]))
    section = ".".join([section, *above])
    if issue["type"] == "extra_forbidden":
        known = list(owner.model_fields) if owner else []
        return unknown_setting(f"{section}.{name}", _prefixed(section, known), where)
    if issue["type"] == "value_error" and type(issue["ctx"]["error"]) is ValueError:
        # The setting's own check says all; the value may be a secret.
        said = str(issue["ctx"]["error"])
        setting = f"{section}.{name}" if name else section
        return f"{where}: `{setting}`: {said}{'' if said.endswith(('.', '?')) else '.'}"
    found = (
        f"{_as_given(instead[name])}, which the file has" if name in instead and not above else ""
    )
    return _wrong_value(owner or model, section, name, issue, where, found)


def _model_at(annotation: object, path: Sequence[str]) -> type[BaseModel] | None:
    """Return the model that stands at a path of names and list positions below another."""
    for part in path:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(part)
            annotation = field.annotation if field else None
        else:
            annotation = get_args(annotation)[-1] if get_args(annotation) else None
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )


def unknown_setting(
    name: str, known: list[str], place: str, replaced: Mapping[str, str] | None = None
) -> str:
    """Say that a setting does not exist, and what took its place or comes nearest.

    `replaced` are the settings of the section that are no more, as `StageSettings` says it.
    """
    if instead := (replaced or {}).get(name.rpartition(".")[2]):
        return (
            f"{place}: `{name}` is no more: expected {instead}, which took its place. Set that "
            "instead, or remove it."
        )
    suggestion = nearest(name, known)
    remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Known: {shorten(known, 20)}."
    return f"{place}: expected a known setting, received `{name}`. {remedy}"


def unknown_section(name: str, known: Sequence[str], place: str) -> str:
    """Say that a section does not exist and which one comes nearest."""
    suggestion = nearest(name, known)
    remedy = f"Did you mean `{suggestion}`?" if suggestion else "Remove it."
    return f"{place}: expected one of {', '.join(known)}; received `{name}`. {remedy}"


def _wrong_value(
    model: type[BaseModel],
    section: str,
    name: str,
    issue: Mapping[str, Any],
    place: str,
    instead: str,
) -> str:
    field = model.model_fields[name]
    wanted = expectation(model, name)
    if issue["type"] == "missing":
        return f"{place}: `{section}.{name}` is required: {wanted}. {field.description} Set it."
    if not field.is_required():
        instead = (
            instead or f"the default, {_as_given(field.get_default(call_default_factory=True))}"
        )
    remedy = f" or remove it for {instead}" if instead else ""
    return (
        f"{place}: `{section}.{name}`: expected {wanted}; received {issue['input']!r}. "
        f"Change the value{remedy}."
    )


def _as_given(value: object) -> str:
    """Write a value as a settings file has it: a list in its own brackets."""
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _prefixed(section: str, names: list[str]) -> list[str]:
    return [f"{section}.{name}" for name in names]
