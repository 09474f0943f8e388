"""`python -m sightline.serving.container.check`: whether the server of this container is ready."""

import os
import socket
import ssl
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from sightline.serving.container.arguments import read_arguments
from sightline.serving.options import ServerOptions
from sightline.serving.web.listening import reachable

SERVER = "sightline.serving.container"
TIMEOUT_SECONDS = 4
PROCESSES = Path("/proc")


def main() -> None:
    """End with 0 if it is."""
    options = next(servers(PROCESSES), None)
    if options is None:
        sys.exit(f"Expected a process that runs {SERVER}; received none.")
    connection = connection_to(options)
    try:
        # Its name may be one that the server does not answer to.
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        answer = connection.getresponse()
    except (OSError, HTTPException) as error:
        sys.exit(f"Expected an answer at {options.uds or options.port}; received: {error}.")
    if answer.status != 200:
        sys.exit(answer.read(1_000).decode(errors="replace"))


def servers(processes: Path) -> Iterator[ServerOptions]:
    """Yield how the servers of this container were started: they have its environment, too."""
    for path in sorted(processes.glob("[0-9]*/cmdline")):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            continue  # it has ended
        if SERVER in words:
            _, options = read_arguments(words[words.index(SERVER) + 1 :], os.environ)
            yield options(Path())


def connection_to(options: ServerOptions) -> HTTPConnection:
    """Return a connection that asks a server where it listens."""
    if options.uds is not None:
        return _AtSocket(str(options.uds))
    host = reachable(options.host)
    if options.tls_cert is None:
        return HTTPConnection(host, options.port, timeout=TIMEOUT_SECONDS)
    # The certificate is for the server's public name; here nobody stands between.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(host, options.port, timeout=TIMEOUT_SECONDS, context=context)


class _AtSocket(HTTPConnection):
    """Over a socket in the file system, whose path stands where others have a host."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to it."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


if __name__ == "__main__":
    main()
