"""Where a server listens: an address of this machine, or a socket in its file system."""

import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sightline.ground.models.model_folder import FolderError
from sightline.serving.options import ServerOptions
from sightline.serving.web.connections import ACCEPTED_AT_ONCE

PATIENCE_SECONDS = 2.0


@contextmanager
def listening(options: ServerOptions) -> Iterator[list[socket.socket]]:
    """Listen on a socket file, or an address; on `localhost` for both families where there are two.

    Raises:
        FolderError: it is taken, or is none of this machine.
    """
    if options.uds is not None:
        with _listening_at(options.uds) as listener:
            yield [listener]
        return
    host, port = options.host, options.port
    with ExitStack() as opened:
        try:
            if host == "localhost":
                first = opened.enter_context(_listener("127.0.0.1", port))
                listeners = [first]
                with suppress(OSError):  # many machines have no IPv6
                    second = _listener("::1", first.getsockname()[1])
                    listeners.append(opened.enter_context(second))
            else:
                listeners = [opened.enter_context(_listener(host, port))]
        except OSError as error:
            raise FolderError(
                f"Expected to listen on {_bracketed(host)}:{port}; the system says: "
                f"{error.strerror}. Choose another one with --host or --port, or end the program "
                "that has it."
            ) from error
        yield listeners


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.create_server((host, port), family=family, backlog=ACCEPTED_AT_ONCE)
    # asyncio sends small answers at once only where a socket names its protocol; without it each
    # one on a connection that stays open waited 40 ms for the client's acknowledgement.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())


@contextmanager
def _listening_at(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            _remove_stale(path)
            listener.bind(str(path))
        except OSError as error:
            raise FolderError(
                f"--uds {path}: expected to make a socket there; the system says: "
                f"{error.strerror or error}. Choose another path, or end the program that has it."
            ) from error
        own = path.stat()
        listener.listen(ACCEPTED_AT_ONCE)
        try:
            yield listener
        finally:
            with suppress(OSError):
                if path.stat().st_ino == own.st_ino:  # another server may have taken the path
                    path.unlink()


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens at any more.

    Raises:
        OSError: somebody does, or it is something else.
    """
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        return  # bind says that the path is taken
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(PATIENCE_SECONDS)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def url(options: ServerOptions, listener: socket.socket) -> str:
    """Return the address that a client on this machine can use."""
    if options.uds is not None:
        return f"unix:{options.uds}"
    port = listener.getsockname()[1]
    scheme = "https" if options.tls_cert else "http"
    return f"{scheme}://{_bracketed(reachable(options.host))}:{port}"


def reachable(host: str) -> str:
    """Return the name by which this machine reaches a server that listens there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
