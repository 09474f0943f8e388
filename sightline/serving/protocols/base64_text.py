"""Base64 as clients write it, and what to change where the text is something else."""

import base64
import binascii
import re

EXAMPLE = '{"b64": "<base64 of an image file>"}'
WHITE_SPACE = str.maketrans("", "", " \t\r\n\v\f")
# Absl's decoder, which TensorFlow Serving calls with its web-safe alphabet, too.
WEB_SAFE = str.maketrans("-_", "+/")
DATA_URI = re.compile(r"data:[\w.+-]*/?[\w.+;=-]*,", re.IGNORECASE)
BARE = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


class TextError(ValueError):
    """Text that is no base64; says what to change."""


def unescape(text: str) -> bytes:
    """Return the bytes of base64, with or without line breaks and padding.

    Raises:
        TextError: it is something else.
    """
    if found := DATA_URI.match(text):
        raise TextError(
            f"expected base64 after 'b64', received a data: URI. Send only what follows the comma, "
            f"without {found[0]!r}"
        )
    compact = text.translate(WHITE_SPACE)
    bare = compact.rstrip("=").translate(WEB_SAFE)
    if len(compact) - len(bare) > 2:
        raise TextError("expected base64 after 'b64', received other text (too much padding)")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TextError(f"expected base64 after 'b64', received other text ({error})") from error


def refusal_of_text(text: str) -> str:
    """Say what to change where text stands for an image but must be bytes; nothing otherwise."""
    if DATA_URI.match(text):
        return (
            f"expected {EXAMPLE}, received a data: URI as text. Send what follows its comma as "
            '{"b64": "..."}'
        )
    if BARE.fullmatch(text.translate(WHITE_SPACE)):
        return (
            f'this looks like base64: expected {EXAMPLE}, received bare text. Send {{"b64": ...}}'
        )
    return ""
