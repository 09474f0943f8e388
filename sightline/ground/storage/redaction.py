"""Passwords and signatures inside addresses, taken out of text wherever it enters or is told."""

import re
from typing import Any
from urllib.parse import unquote_plus

SECRET_WORDS = (
    *("sig", "token", "key", "credential", "secret", "passw", "passphrase", "pwd", "auth"),
    *("policy", "session", "jwt"),
)
HIDDEN = "hidden"
HIDDEN_PART = re.compile(rf"://{HIDDEN}@|[?&;#][^=&;#\s]*={HIDDEN}(?=[&;#]|$)")

START = r"[a-z][a-z0-9+.-]{0,15}://"
"""Without a longest scheme, a long text takes minutes: each letter may begin one."""
WITHIN_WORDS = re.compile(rf"{START}[^\s\"'<>]*[^\s\"'<>.,:;)]", re.IGNORECASE)
# Up to the host; a password may hold a slash, and then what follows the colon is no port.
LOGIN = re.compile(rf"^({START})(?:[^/?#\s]*@|[^/?#\s:@]*:(?!\d*(?:[/?#\s]|$))[^?#\s]*@)", re.I)
PARAMETER = re.compile(r"([?&;#])([^=&;#?]*)=([^&;#]*)")


def redact(address: str) -> str:
    """Return an address without its password and signature; any other text as it is."""
    if "://" not in address:
        return address
    if not re.match(START, address, re.IGNORECASE):
        return redact_words(address)
    return PARAMETER.sub(_parameter, LOGIN.sub(rf"\1{HIDDEN}@", address))


def redact_words(text: str) -> str:
    """Return words with the secrets of all addresses among them taken out."""
    if "://" not in text:
        return text
    return WITHIN_WORDS.sub(lambda found: redact(found[0]), text)


def redact_values(value: Any) -> Any:
    """Return a value of an event or a document with the secrets of its texts taken out."""
    if isinstance(value, str):
        return redact_words(value)
    if isinstance(value, dict):
        return {redact_values(name): redact_values(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(one) for one in value]
    return value


def _parameter(found: re.Match[str]) -> str:
    before, name, _ = found.groups()
    is_secret = any(word in unquote_plus(name).lower() for word in SECRET_WORDS)
    return f"{before}{name}={HIDDEN}" if is_secret else found[0]
