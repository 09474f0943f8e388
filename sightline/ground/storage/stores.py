"""Open what an address points at: this machine, S3, MinIO, Google Cloud Storage or a web server.

Credentials are the environment's own. Clients are imported when such an address is opened.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sightline.ground.storage.addresses import is_web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import ClientSession, ClientTimeout
    from fsspec import AbstractFileSystem

ARTIFACT_SCHEMES = ("", "file", "s3", "minio", "gs")
"""Where runs leave artifacts; a path has no scheme."""
ENDPOINT = "AWS_ENDPOINT_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How to reach a store, and how long to wait for it."""

    connect_seconds: int = 5
    silence_seconds: int = 15
    """How long a server may say nothing in the middle of an answer."""
    max_attempts: int | None = 2
    """Of S3's client; None takes its own number."""
    max_concurrency: int | None = None
    """Parts of one S3 object to read side by side; None takes the client's own number."""
    endpoint: str = ""
    """Address of a server with S3's API, where `AWS_ENDPOINT_URL` names none."""
    anonymous: bool = False
    """Whether to read Google Cloud Storage without an account."""
    web_client: "Callable[..., Awaitable[ClientSession]] | None" = None
    """What opens a client for web servers; None takes fsspec's own."""


def open_store(scheme: str, options: StoreOptions | None = None) -> "AbstractFileSystem":
    """Return fsspec's file system for a scheme; nothing is asked of the store yet.

    Raises:
        ValueError: there is no such scheme.
        ImportError: the package for it is not installed.
    """
    import fsspec

    options = options or StoreOptions()
    match scheme.lower():
        case "" | "file":
            return fsspec.filesystem("file")
        case "s3" | "minio":
            return fsspec.filesystem("s3", **_s3(options))
        case "gs" | "gcs":
            return _google_storage(options)
        case "http" | "https":
            client = {"trust_env": True, "timeout": _time_limits(options)}
            own = {"get_client": options.web_client} if options.web_client else {}
            return fsspec.filesystem(scheme, client_kwargs=client, use_listings_cache=False, **own)
        case _:
            return fsspec.filesystem(scheme)


def path_in_store(address: str) -> str:
    """Return what the store of an address calls the file: web servers by its whole address."""
    return address if is_web(address) else address.partition("://")[2] or address


def knows_endpoint(options: StoreOptions | None = None) -> bool:
    """Tell whether it is known where a server with S3's API is that is not Amazon's."""
    return bool(os.environ.get(ENDPOINT) or (options and options.endpoint))


def written_at(info: Mapping[str, Any]) -> float:
    """Return when a file of a listing was written, in seconds since 1970; 0 where nobody says."""
    found = next((info[name] for name in ("LastModified", "mtime", "updated") if info.get(name)), 0)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    return found.timestamp() if isinstance(found, datetime) else float(found)


def _s3(options: StoreOptions) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "connect_timeout": options.connect_seconds,
        "read_timeout": options.silence_seconds,
    }
    if options.max_attempts is not None:
        limits["retries"] = {"max_attempts": options.max_attempts}
    chosen: dict[str, Any] = {"config_kwargs": limits, "use_listings_cache": False}
    if options.max_concurrency is not None:
        chosen["max_concurrency"] = options.max_concurrency
    if options.endpoint and not os.environ.get(ENDPOINT):
        chosen["endpoint_url"] = options.endpoint
    return chosen


def _google_storage(options: StoreOptions) -> "AbstractFileSystem":
    # The class that fsspec opens first asks another service about the kind of bucket, for half a
    # minute where that one does not answer. Reading needs no answer.
    from gcsfs.core import GCSFileSystem

    # It logs a traceback for each error that it raises as well.
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
    token = {"token": "anon"} if options.anonymous else {}
    return GCSFileSystem(requests_timeout=_time_limits(options), use_listings_cache=False, **token)


def _time_limits(options: StoreOptions) -> "ClientTimeout":
    from aiohttp import ClientTimeout

    # A limit on the whole answer would cut a large file on a slow line.
    return ClientTimeout(sock_connect=options.connect_seconds, sock_read=options.silence_seconds)
