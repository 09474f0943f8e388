"""Call a webhook whose address is a secret: it is read here, used once, and never repeated."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from components.notify.settings import VARIABLE
from components.notify.store import words_of
from sightline.ground.patience import Patience
from sightline.ground.storage.addresses import revealed, scheme_of
from sightline.ground.storage.stores import open_store, path_in_store

PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
PATIENCE = Patience(answer_seconds=10.0, attempts=3, pause_seconds=1.0)


class WebhookError(Exception):
    """The webhook could not be called; the text says why, without its address."""


def post(place: str, payload: dict[str, Any], patience: Patience = PATIENCE) -> None:
    """Send `payload` as JSON to the webhook whose address is to be found at `place`.

    Raises:
        WebhookError: there is no address, or the server did not take the message.
    """
    address = find_address(place)
    try:
        timeouts = (patience.connect_seconds, patience.answer_seconds)
        with quiet_loggers(), _session(patience) as session:
            # Redirects are not followed: they would carry the message to another server.
            answer = session.post(
                address, json=payload, timeout=timeouts, allow_redirects=False, stream=True
            )
            answer.close()
    except (requests.RequestException, ValueError, OSError) as error:
        # The exception's own text holds the address.
        raise WebhookError(f"{place}: {_reason(error)}") from None
    if answer.is_redirect:
        raise WebhookError(
            f"{place}: the server redirects (status {answer.status_code}); write the final address"
        )
    if not answer.ok:
        raise WebhookError(f"{place}: the server answered with status {answer.status_code}")


def find_address(place: str) -> str:
    """Read the address from an environment variable or a file.

    Raises:
        WebhookError: there is none.
    """
    if place.startswith(VARIABLE):
        name = place.removeprefix(VARIABLE)
        text = os.environ.get(name, "")
        if not text:
            raise WebhookError(
                f"environment variable {name} is not set in the task; on a cluster, let a secret "
                "set it"
            )
    else:
        text = _read(place)
    address = text.strip()
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) < 4096
    except ValueError:
        valid = False
    if not valid or len(address.split()) != 1:
        raise WebhookError(f"{place} holds no http:// or https:// address; it is not shown here")
    return address


@contextmanager
def quiet_loggers() -> Iterator[None]:
    """Silence urllib3, which logs the path of an address when it tries again."""
    logger = logging.getLogger("urllib3")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _read(place: str) -> str:
    try:
        store = open_store(scheme_of(place))
        with store.open(path_in_store(revealed(place)), "r", encoding="utf-8") as file:
            return str(file.read(4096))
    except Exception as error:
        raise WebhookError(f"{place} could not be read ({words_of(error)})") from None


def _session(patience: Patience) -> requests.Session:
    retry = Retry(
        total=patience.attempts - 1,
        redirect=False,
        status_forcelist=PASSING_STATUSES,
        allowed_methods=None,
        backoff_factor=patience.pause_seconds,
        raise_on_status=False,
        retry_after_max=int(patience.longest_wait_seconds),
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _reason(error: Exception) -> str:
    match error:
        case requests.exceptions.SSLError():
            return "the server's certificate was not accepted"
        case requests.exceptions.ProxyError():
            return "the proxy could not be reached"
        case requests.exceptions.ConnectTimeout():
            return "no connection in time"
        case requests.exceptions.Timeout():
            return "no answer in time"
        case requests.exceptions.ConnectionError():
            slow = "ReadTimeoutError" in repr(error.args)
            return "no answer in time" if slow else "no connection to the server"
        case _:
            return f"the address cannot be used ({type(error).__name__})"
