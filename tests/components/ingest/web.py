"""A web server on loopback that can misbehave, for sources behind https:// and http://."""

import functools
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Behaviour:
    """What the server does other than to serve files."""

    cut_times: dict[str, int] = field(default_factory=dict)
    """File name -> how many answers end in the middle."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Path -> status to answer instead."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Path -> address to send the client to."""
    requests: Counter[str] = field(default_factory=Counter)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, behaviour: Behaviour, **kwargs: Any) -> None:
        self._behaviour = behaviour
        super().__init__(*args, **kwargs)

    def do_HEAD(self) -> None:
        if self.path in self._behaviour.redirects:
            self.do_GET()
        else:
            super().do_HEAD()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        self._behaviour.requests[path] += 1
        if path in self._behaviour.redirects:
            self.send_response(302)
            self.send_header("Location", self._behaviour.redirects[path])
            self.end_headers()
            return
        if path in self._behaviour.statuses:
            self.send_error(self._behaviour.statuses[path])
            return
        if self._behaviour.cut_times.get(name, 0) > 0:
            self._behaviour.cut_times[name] -= 1
            data = Path(self.translate_path(self.path)).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output free of requests."""


@contextmanager
def served(
    folder: Path, behaviour: Behaviour | None = None, *, certificate: Path | None = None
) -> Iterator[str]:
    """Serve a folder on loopback, with TLS where there is a certificate; yield the address."""
    handler = functools.partial(_Handler, behaviour=behaviour or Behaviour(), directory=str(folder))
    with loopback(handler, certificate=certificate) as address:
        yield address


@contextmanager
def loopback(
    handler: Callable[..., BaseHTTPRequestHandler], *, certificate: Path | None = None
) -> Iterator[str]:
    """Run a server on loopback with a request handler; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    scheme = "http" if certificate is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
