"""`sightline serve`: answer TensorFlow Serving's REST calls for a model folder."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from sightline.ground.model_folder import FolderError
from sightline.serving.application import build_application
from sightline.serving.batching import Batcher
from sightline.serving.versions import Versions
from sightline.stage import log

DEFAULT_PORT = 8501
SHUTDOWN_SECONDS = 30


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    name: str | None = None,
    workers: int = 0,
    max_body_mb: int = 32,
    poll_seconds: float = 1.0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the live version of a model folder until SIGTERM or SIGINT.

    New versions are loaded aside and take over between two requests; requests that have begun are
    answered by the version that they began with.

    Args:
        folder: a model folder.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        name: model name in the addresses; None takes the one that was exported.
        workers: calls of the model side by side; 0 means one per core.
        max_body_mb: largest body of a request.
        poll_seconds: how often to look for a new version.
        ready: called with the address once requests are answered.

    Raises:
        FolderError: the folder has no version that loads, or the port is taken.
    """
    log.configure("serve")
    with exit_on_sigterm(), listening(host, port) as listener:
        versions = Versions(folder)
        first = versions.start(poll_seconds=poll_seconds)
        batcher = Batcher(workers=workers or os.cpu_count() or 1)
        application = build_application(
            versions, batcher, name=name or first.model_name, max_body_mb=max_body_mb
        )
        configuration = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        address = url(host, listener)
        log.event("listening", address=address, model=name or first.model_name)
        if ready is not None:
            ready(address)
        try:
            uvicorn.Server(configuration).run(sockets=[listener])
        except KeyboardInterrupt:
            pass  # uvicorn ended well and passes on the Ctrl-C that made it end
        finally:
            versions.stop()
            batcher.close()
            log.event("stopped")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address.

    Raises:
        FolderError: it is taken, or is none of this machine.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise FolderError(
            f"Expected to listen on {host}:{port}; the system says: {error.strerror}. "
            "Choose another one with --port, or end the program that has it."
        ) from error
    with listener:
        yield listener


def url(host: str, listener: socket.socket) -> str:
    """Return the address that a client on this machine can use."""
    port = listener.getsockname()[1]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{reachable}:{port}"


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """End the process with code 0 on SIGTERM, which uvicorn passes on when it has ended."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
