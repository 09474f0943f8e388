"""What is searched: settings of train, each with its values or its range."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError, WithJsonSchema

from sightline.ground.errors import nearest
from sightline.ground.wording import expectation

from ..train.settings import TrainSettings  # decision 0017: two names

Value = str | int | float | bool

SEARCHED = (
    *("learning_rate", "weight_decay", "dropout", "hidden_units", "label_smoothing"),
    *("batch_size", "class_weights", "epochs", "patience", "head"),
)
"""Settings that change what a head learns from features, or a small network from images; the
others choose the features or what comes after the head, for which a trial would take minutes."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One setting of train, and what it may become."""

    setting: str
    choices: tuple[Value, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is a range of whole numbers."""
        return not self.choices and TrainSettings.model_fields[self.setting].annotation is int

    def holds(self, value: Value) -> bool:
        """Tell whether a value lies in it."""
        if self.choices:
            return value in self.choices
        return not isinstance(value, str) and self.low <= value <= self.high

    def written(self) -> object:
        """Return it as settings files have it."""
        if self.choices:
            return list(self.choices)
        number = int if self.is_whole else float
        return {"low": number(self.low), "high": number(self.high), "log": self.log}


DEFAULT_SPACE = (
    Axis("learning_rate", low=1e-4, high=3e-2, log=True),
    Axis("weight_decay", low=1e-6, high=1e-1, log=True),
    Axis("dropout", low=0.0, high=0.6),
    Axis("hidden_units", choices=(0, 32, 128, 512)),
    Axis("batch_size", choices=(16, 32, 64, 128)),
)


def default_space(settings: TrainSettings) -> tuple[Axis, ...]:
    """Return what is searched by default: what someone changed, or train decides itself, is not."""
    decided = {"learning_rate"} if settings.find_learning_rate else set()
    if settings.begins_as_champion:
        decided |= {"dropout", "hidden_units"}  # the live model's
    return tuple(
        axis
        for axis in DEFAULT_SPACE
        if axis.setting not in decided
        and getattr(settings, axis.setting) == TrainSettings.model_fields[axis.setting].default
    )


def settings_of_trial(asked: Mapping[str, Value], *, dense: bool) -> dict[str, Value]:
    """Return settings that go together: a linear head has no hidden layer.

    `dense`: whether the head is a dense one unless `asked` says which. The linear head is the same
    whatever is searched, so one trial has it, that of train's own settings.
    """
    if asked.get("head") == "linear":
        return {**asked, "hidden_units": 0}
    return {**({"head": "dense"} if dense else {}), **asked}


def read_space(given: Any) -> tuple[Axis, ...]:
    """Read a space from a settings file, or from the JSON text that it travels as.

    Raises:
        ValueError: a setting is unknown or not searched, or a value is none that it can have.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except json.JSONDecodeError as error:
            raise ValueError(
                f"expected settings of train, each with a list or a range, as a mapping; "
                f"received {given!r} ({error}). Write it as YAML in sightline.yaml"
            ) from error
    if isinstance(given, tuple | list) and all(isinstance(one, Axis) for one in given):
        return tuple(given)
    if not isinstance(given, Mapping):
        raise ValueError(
            "expected settings of train, each with a list or a range, such as learning_rate: "
            f"{{low: 0.0001, high: 0.01, log: true}}; received {given!r}"
        )
    return tuple(_axis(str(name), wanted) for name, wanted in given.items())


def write_space(axes: tuple[Axis, ...]) -> str:
    """Write a space as the JSON text that it travels as."""
    return json.dumps({axis.setting: axis.written() for axis in axes})


def _axis(name: str, wanted: Any) -> Axis:
    _expect_searched(name)
    if isinstance(wanted, list | tuple):
        return _choice(name, wanted)
    if isinstance(wanted, Mapping):
        return _range(name, wanted)
    raise ValueError(
        f"{name}: expected a list of values, such as [1, 2], or a range, such as "
        f"{{low: 1, high: 2}}; received {wanted!r}. To fix it, set train.{name} instead"
    )


def _expect_searched(name: str) -> None:
    if name in SEARCHED:
        return
    if name in TrainSettings.model_fields:
        raise ValueError(
            f"{name}: expected a setting that changes what is learned from features at hand "
            f"({', '.join(SEARCHED)}); received one that needs them anew, or comes after. Set "
            f"train.{name} and compare two runs"
        )
    guess = nearest(name, SEARCHED)
    remedy = f"Did you mean {guess}?" if guess else f"Known: {', '.join(SEARCHED)}."
    raise ValueError(f"expected a setting of train, received {name}. {remedy}")


def _choice(name: str, wanted: Any) -> Axis:
    values = tuple(dict.fromkeys(_checked(name, value) for value in wanted))
    if len(values) < 2:
        raise ValueError(
            f"{name}: expected two different values or more; received {list(wanted)!r}. To fix "
            f"it, set train.{name} instead"
        )
    return Axis(name, choices=values)


def _range(name: str, wanted: Mapping[str, Any]) -> Axis:
    if TrainSettings.model_fields[name].annotation not in (int, float):
        raise ValueError(
            f"{name}: expected a list of {expectation(TrainSettings, name)}; received a range"
        )
    unknown = [key for key in wanted if key not in ("low", "high", "log")]
    if unknown or not {"low", "high"} <= set(wanted):
        said = f"received {unknown[0]}" if unknown else f"received {dict(wanted)!r}"
        raise ValueError(f"{name}: expected low, high and maybe log; {said}")
    low, high = (_checked(name, wanted[end]) for end in ("low", "high"))
    log = wanted.get("log", False)
    if not isinstance(log, bool):
        raise ValueError(f"{name}: expected log to be true or false; received {log!r}")
    if float(low) >= float(high):
        raise ValueError(f"{name}: expected low below high; received {low!r} and {high!r}")
    if log and float(low) <= 0:
        raise ValueError(
            f"{name}: expected low above 0, as log steps by factors; received {low!r}. Raise low, "
            "or leave log out"
        )
    return Axis(name, low=float(low), high=float(high), log=log)


def _checked(name: str, value: Any) -> Any:
    """Return a value in the type of its setting."""
    field = TrainSettings.model_fields[name]
    wanted: Any = Annotated[(field.annotation, *field.metadata)]
    try:
        checked = TypeAdapter(wanted).validate_python(value)
    except ValidationError as error:
        raise ValueError(
            f"{name}: expected {expectation(TrainSettings, name)}; received {value!r}"
        ) from error
    if isinstance(checked, float) and not math.isfinite(checked):
        raise ValueError(f"{name}: expected a finite number; received {value!r}")
    return checked


_LIST_OR_RANGE = {
    "anyOf": [
        {"type": "array", "minItems": 2},
        {
            "type": "object",
            "properties": {
                "low": {"type": "number"},
                "high": {"type": "number"},
                "log": {"type": "boolean"},
            },
            "required": ["low", "high"],
            "additionalProperties": False,
        },
    ]
}

SpaceText = Annotated[
    tuple[Axis, ...],
    BeforeValidator(read_space),
    PlainSerializer(write_space, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "object",
            "properties": dict.fromkeys(SEARCHED, _LIST_OR_RANGE),
            "additionalProperties": False,
        },
        mode="validation",
    ),
]
"""A setting that is a mapping in settings files and travels as JSON text."""
