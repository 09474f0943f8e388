"""Check one section of settings and say what is wrong where, in a user's words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sightline.platform.errors import UserError, nearest, shorten
from sightline.platform.wording import expectation

Model = TypeVar("Model", bound=BaseModel)
Place = Callable[[str], str]
"""Says where a setting was given, such as `sightline.yaml:12` or `--set`."""


def check_section(
    model: type[Model], section: str, given: Mapping[str, Any], place: Place
) -> Model:
    """Build a section's settings.

    Raises:
        UserError: one sentence per unknown or wrong setting, with its place.
    """
    known = list(model.model_fields)
    for name in given:
        if name not in known:
            raise UserError(
                unknown_setting(f"{section}.{name}", _prefixed(section, known), place(name))
            )
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        wrong = {str(issue["loc"][0]): issue for issue in error.errors()}
    messages = [
        _wrong_value(model, section, name, given.get(name), place(name), issue["type"])
        for name, issue in wrong.items()
    ]
    raise UserError("\n".join(messages))


def unknown_setting(name: str, known: list[str], place: str) -> str:
    """Say that a setting does not exist and which one comes nearest."""
    suggestion = nearest(name, known)
    remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Known: {shorten(known, 20)}."
    return f"{place}: expected a known setting, received `{name}`. {remedy}"


def unknown_section(name: str, known: Sequence[str], place: str) -> str:
    """Say that a section does not exist and which one comes nearest."""
    suggestion = nearest(name, known)
    remedy = f"Did you mean `{suggestion}`?" if suggestion else "Remove it."
    return f"{place}: expected one of {', '.join(known)}; received `{name}`. {remedy}"


def _wrong_value(
    model: type[BaseModel], section: str, name: str, value: object, place: str, issue: str
) -> str:
    field = model.model_fields[name]
    wanted = expectation(model, name)
    if issue == "missing":
        return f"{place}: `{section}.{name}` is required: {wanted}. {field.description} Set it."
    remedy = "" if field.is_required() else f" or remove it for the default, {field.default!r}"
    return (
        f"{place}: `{section}.{name}`: expected {wanted}; received {value!r}. "
        f"Change the value{remedy}."
    )


def _prefixed(section: str, names: list[str]) -> list[str]:
    return [f"{section}.{name}" for name in names]
