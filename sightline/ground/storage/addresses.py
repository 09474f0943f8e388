"""URIs: their scheme, and how to show them without the secrets that they may carry."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
REMOTE_SCHEMES = frozenset(("gs", "gcs", "s3", "http", "https"))
SECRET_WORDS = ("sig", "token", "key", "credential", "secret", "password", "auth", "policy")
HIDDEN = "hidden"


def scheme_of(text: str) -> str:
    """Return the scheme of a URI in lower case, or nothing for a path."""
    match = SCHEME.match(text)
    return match.group(1).lower() if match else ""


def is_local(address: str) -> bool:
    """Tell whether an address is a path of this machine."""
    return "://" not in address


def is_web(address: str) -> bool:
    """Tell whether an address is for a web server, where paths are percent-encoded."""
    return scheme_of(address) in ("http", "https")


def redact(address: str) -> str:
    """Return a web address without its password and signature; others as they are."""
    if not is_web(address):
        return address
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    query = [
        (name, HIDDEN if any(word in name.lower() for word in SECRET_WORDS) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(parts._replace(netloc=host, query=urlencode(query)))
