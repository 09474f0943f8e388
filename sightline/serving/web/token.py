"""A server that answers only to those who know its token."""

import hmac
from collections.abc import Collection, Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sightline.ground.errors import SettingsError
from sightline.ground.storage.addresses import TOKEN_VARIABLE
from sightline.serving.protocols.protocol import RequestError
from sightline.serving.web.errors import refuse

UNAUTHORIZED = 401
OPEN = {"/healthz", "/healthz/", "/livez", "/readyz", "/v2/health/live", "/v2/health/ready"}
"""What clusters ask without any token; it says no more than yes or no to them."""
PAGE = "/"
"""The page asks for the token itself, and says nothing of the model before."""
KNOWN = "sightline.known"
FEWEST, MOST = 8, 4_096
LARGEST_FILE = 1 << 16


class BearerToken:
    """Refuse requests without the token, all but those about health."""

    def __init__(self, app: ASGIApp, token: str, is_open: Collection[str] = OPEN) -> None:
        self._app, self._expected = app, f"bearer {token}".encode("ascii")
        self._open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[KNOWN] = self._is_known(Headers(scope=scope))
        if scope[KNOWN] or scope["path"] in self._open:
            await self._app(scope, receive, send)
            return
        message = (
            "Expected the header 'Authorization: Bearer TOKEN' with the token of this server, "
            "received none or another one."
        )
        error = RequestError(UNAUTHORIZED, message)
        await refuse(scope, send, error, {"www-authenticate": "Bearer"})

    def _is_known(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        given = f"{kind.lower()} {token.strip()}".encode("utf-8", "replace")
        return hmac.compare_digest(given, self._expected)


def is_known(scope: Scope) -> bool:
    """Tell whether a client may hear more than whether the server is well."""
    return bool(scope.get(KNOWN, True))


def token_of(file: Path | None, environment: Mapping[str, str]) -> str:
    """Return the token of a file, or of the environment where no file is named; "" is none.

    Raises:
        SettingsError: the file cannot be read, or holds no token.
    """
    if file is None:
        return environment.get(TOKEN_VARIABLE, "").strip()
    try:
        with file.open("rb") as stream:
            text = stream.read(LARGEST_FILE).decode("ascii", "replace").strip()
    except OSError as error:
        raise SettingsError(
            f"--token-file {file}: expected a file with the token, the system says: "
            f"{error.strerror}. Name one that can be read."
        ) from error
    if not text:
        raise SettingsError(
            f"--token-file {file}: expected a token in it, found nothing. Write one with "
            "`openssl rand -hex 32`."
        )
    return text


def problem_of_token(token: str) -> str:
    """Say what is wrong with a token, without saying the token; nothing where it is fit."""
    is_fit = FEWEST <= len(token) <= MOST and token.isascii() and token.isprintable()
    if not token or (is_fit and " " not in token):
        return ""
    return f"expected {FEWEST} to {MOST} printable characters of ASCII without spaces"
