"""What every stage's settings have in common: frozen, typed, checked once."""

import inspect
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from sightline.ground.storage.addresses import Address


class StageSettings(BaseModel):
    """Base of every stage's settings: immutable, no unknown keys, every field described."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    uses_gpu: ClassVar[bool] = False
    """Whether the stage computes long enough with TensorFlow for a GPU to be worth its image."""
    uses_shared_memory: ClassVar[bool] = False
    """Whether its workers pass data through /dev/shm, which a pod has 64 MB of."""
    switch: ClassVar[str] = ""
    """The setting that turns the stage on: where it is 0, false or empty, a pipeline leaves its
    tasks out. A stage without one always runs."""
    borrowed: ClassVar[Mapping[str, type["StageSettings"]]] = {}
    """Settings of other stages that this task takes, too: the stage, and the class of them that
    both its own settings and these begin with. They stand in the other stage's section."""

    replaced: ClassVar[Mapping[str, str]] = {}
    """Settings that are no more: what takes their place, to be said to whoever still has them."""

    @classmethod
    def is_on(cls, values: Mapping[str, object]) -> bool:
        """Tell whether these values turn the stage on; what is not given has its default."""
        if not cls.switch:
            return True
        return bool(values.get(cls.switch, cls.model_fields[cls.switch].default))

    @property
    def is_off(self) -> bool:
        """Whether the stage is turned off, so that pipelines leave it out."""
        return not self.is_on(dict(self))

    @classmethod
    def owner_of(cls, setting: str) -> str | None:
        """Name the other stage that a setting is borrowed from; None where it is its own."""
        owners = [stage for stage, one in cls.borrowed.items() if setting in one.model_fields]
        return owners[0] if owners else None

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        # A stage's settings have two names (decision 0017), and inspect remembers one for a file.
        # pydantic 2.14 takes no descriptions where that is another than the class's own.
        with suppress(TypeError, OSError):  # a class without a file
            inspect.modulesbyfile[inspect.getabsfile(cls)] = cls.__module__


def _from_json(value: Any) -> Any:
    return json.loads(value or "[]") if isinstance(value, str) else value


# Kubeflow turns the integers inside a list parameter into floats, so lists travel as JSON text.
TextList = Annotated[
    tuple[str, ...],
    BeforeValidator(_from_json),
    PlainSerializer(lambda items: json.dumps(list(items)), return_type=str, when_used="json"),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}, mode="validation"),
]


def _as_address(value: Any, check: ValidatorFunctionWrapHandler) -> Address:
    return value if isinstance(value, Address) else Address(check(value))


LocationText = Annotated[
    str,
    WrapValidator(_as_address),
    PlainSerializer(str, return_type=str, when_used="json"),
]
"""The text of every setting that `location` marks: shown without the secrets of an address."""


def location(
    access: Literal["read", "write"],
    *,
    words: tuple[str, ...] = (),
    prefixes: tuple[str, ...] = (),
    endings: tuple[str, ...] = (),
    folder: bool = False,
    backbones: bool = False,
) -> dict[str, Any]:
    """Mark a text setting as a file, folder or URI that the stage reads or writes.

    The local runner makes relative paths absolute, mounts them into containers and looks at
    their content for the cache. `words` are values that are no location, such as `imagenet`;
    `prefixes` begin such values, as `env:` does for the name of an environment variable.
    Where there are `endings`, only a value that ends in one of them is a location.
    `backbones` says that values name backbones, whose weights this machine may keep.
    `folder` says that it is a model folder, by path or in a store; what is written is one anyway.
    """
    words = ("", *words)
    return {
        "location": access,
        "words": list(words),
        "prefixes": list(prefixes),
        "endings": list(endings),
        "folder": folder or access == "write",
        "backbones": backbones,
    }


Role = Literal[
    "project name",
    "model name",
    "model folder",
    "live model",
    "starting model",
    "answering model",
    "earlier splits",
    "run page",
    "artifact page",
    "cluster api",
    "cloud project",
    "cloud location",
]
"""What a setting follows from where the user does not set it: the project's name; the same as the
name of the model; the folder that receives the model's versions; that folder, to be compared with;
that folder, to start training from; that folder, to answer images;
the splits that the newest good run on this machine made; the target's page of a run and of an
artifact, and its API as its own tasks reach it; the project and location of the cloud that it is
in.
"""


def filled_with(role: Role, **where: str) -> dict[str, Any]:
    """Mark a setting that Sightline fills in for a user who did not.

    With `where`, only beside other settings of these values: what has no effect stays empty, so
    that caches do not see it change.
    """
    return {"filled": role} | ({"filled_where": where} if where else {})


def needed(remedy: str, **where: tuple[str, ...]) -> dict[str, Any]:
    """Mark a setting that must not be empty where others have one of these values.

    `remedy` says where a user gets a value.
    """
    return {
        "needed": remedy,
        "needed_where": {name: list(values) for name, values in where.items()},
    }


def shown_first() -> dict[str, Any]:
    """Mark a setting that a new `sightline.yaml` shows, since a person would want to see it."""
    return {"first": True}
