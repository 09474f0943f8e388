"""What is raised when a person can fix it, and the words that such messages share."""

import difflib
from collections.abc import Iterable

from sightline.ground.storage.redaction import redact_words

LONGEST_REASON = 200


class UserError(Exception):
    """A person can fix this: what was expected, what was received, what to do.

    Command lines print the message and exit with 2; other errors keep their traceback. Whatever
    address a message names, it names without password and signature.
    """

    def __init__(self, *said: object) -> None:
        super().__init__(*(redact_words(one) if isinstance(one, str) else one for one in said))


class SettingsError(UserError):
    """A setting has a value that no run could use."""


class DataError(UserError):
    """Images, labels or an artifact are not what the stage needs."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` is most likely a misspelling of."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def shorten(items: Iterable[str], limit: int = 5) -> str:
    """Name at most `limit` items and count the others, as messages do."""
    names = list(items)
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"


def one_line(error: BaseException) -> str:
    """Say in one short line, without its full stop, what an error of a library has to say."""
    return " ".join(str(error).split())[:LONGEST_REASON].rstrip(".") or type(error).__name__
