"""Addresses: their scheme, and one type that shows them without the secrets that they carry."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Self

from sightline.ground.errors import SettingsError
from sightline.ground.storage.redaction import HIDDEN_PART, redact

SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
REMOTE_SCHEMES = frozenset(("gs", "gcs", "s3", "http", "https"))
ADDRESSES_VARIABLE = "SIGHTLINE_ADDRESSES"
"""Environment variable of a task: shown address -> whole one, as JSON."""
TOKEN_VARIABLE = "SIGHTLINE_TOKEN"
"""The token that a model server asks for, and that its clients send."""


class Address(str):
    """An address as everybody may see it; `revealed` gives the one that opens something.

    All that a text can be put into (files, logs, messages, JSON) gets the shown form, so that a
    place that nobody thought of leaks nothing.
    """

    __slots__ = ("_whole",)
    _whole: str

    def __new__(cls, text: str) -> Self:
        address = super().__new__(cls, redact(text))
        address._whole = text._whole if isinstance(text, Address) else text
        return address

    @property
    def whole(self) -> str:
        """The address as it was given."""
        return self._whole

    @property
    def has_secret(self) -> bool:
        """Whether something is left out of what is shown."""
        return self._whole != str(self)


def revealed(address: str) -> str:
    """Return the address that opens something, with what is shown to nobody.

    Raises:
        SettingsError: only the shown form is known here.
    """
    whole = address.whole if isinstance(address, Address) else address
    if HIDDEN_PART.search(whole) and SCHEME.match(whole):
        raise SettingsError(
            f"{whole}: expected the whole address, received it without its password or signature, "
            "which no package and no record of a run holds. Give it again with --set, or keep it "
            "in sightline.yaml."
        )
    return whole


def to_environment(values: Iterable[object]) -> dict[str, str]:
    """Return the environment variable that carries the secrets of these values to a task."""
    secrets = {
        str(value): value.whole
        for value in values
        if isinstance(value, Address) and value.has_secret
    }
    return {ADDRESSES_VARIABLE: json.dumps(secrets)} if secrets else {}


def from_environment(
    settings: Mapping[str, object], environment: Mapping[str, str]
) -> dict[str, object]:
    """Return settings with whole addresses where the environment carries them."""
    whole = json.loads(environment.get(ADDRESSES_VARIABLE, "{}"))
    return {
        name: Address(whole[value]) if isinstance(value, str) and value in whole else value
        for name, value in settings.items()
    }


def scheme_of(text: str) -> str:
    """Return the scheme of a URI in lower case, or nothing for a path."""
    match = SCHEME.match(text)
    return match.group(1).lower() if match else ""


def is_local(address: str) -> bool:
    """Tell whether an address is a path of this machine."""
    return "://" not in address


def ending_of(address: str) -> str:
    """Return how the name of a file ends, such as `.keras`; a URI's query is no part of it."""
    path = address if is_local(address) else address.partition("?")[0]
    return PurePosixPath(path).suffix


def is_web(address: str) -> bool:
    """Tell whether an address is for a web server, where paths are percent-encoded."""
    return scheme_of(address) in ("http", "https")
