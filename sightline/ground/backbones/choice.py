"""What the setting `train.backbone` says: one backbone, several that race, or all at hand."""

import json
from collections.abc import Mapping
from typing import Any

from sightline.ground.backbones.kept_weights import available, weights_here
from sightline.ground.backbones.table import DEFAULT, is_model_file, refusal
from sightline.ground.storage.addresses import Address

AUTO = "auto"
"""Every backbone whose weights are on this machine."""


def canonical(value: Any) -> Any:
    """Return a list of backbones as the text that pipelines pass on; other values stay.

    Pipeline parameters are texts. A list of one is that one.
    """
    items = _items(value)
    if items is None:
        return value
    return items[0] if len(items) == 1 else json.dumps(items)


def named(backbone: str) -> tuple[str, ...]:
    """Return what the setting names: several where they race, else one, such as `auto`."""
    return tuple(_items(backbone) or [backbone])


def check(backbone: str) -> None:
    """Refuse what is no backbone, no list of them, and no `auto`.

    Raises:
        ValueError: says what was expected.
    """
    names = named(backbone)
    for name in names:
        alone = len(names) == 1
        called = not is_model_file(name) and not (alone and name == AUTO)
        if called and (reason := refusal(name)):
            raise ValueError(reason)
        if not alone and Address(name).has_secret:
            raise ValueError("expected addresses without a password or signature in a list")
    if len(set(names)) < len(names):
        raise ValueError(f"expected each backbone once; received {', '.join(names)}")


def races(backbone: str) -> bool:
    """Tell whether the setting leaves it to training which backbone is taken."""
    return backbone == AUTO or len(named(backbone)) > 1


def candidates(backbone: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the backbones that the setting means on this machine; label check takes the first.

    `auto` without any weights here means the default, whose weights may be fetched.
    """
    if backbone != AUTO:
        return named(backbone)
    here = sorted(available(environment), key=lambda name: name != DEFAULT)
    return tuple(here) or (DEFAULT,)


def version_here(backbone: str, environment: Mapping[str, str]) -> str:
    """Return what tells this machine's weights of the backbones from those of another day.

    A result that was made without weights does not stand for one with them.
    """
    here = weights_here(environment)
    return ", ".join(
        f"{name} with weights {here[name][0].sha256[:12] or 'of Keras'}" if name in here else name
        for name in candidates(backbone, environment)
    )


def _items(value: Any) -> list[str] | None:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            # As people write lists: [A, B].
            value = [one.strip() for one in value.strip("[]").split(",")]
    if not isinstance(value, list | tuple) or not value:
        return None
    return [str(item) for item in value]
