"""Run an application on a free port of this machine while a test talks to it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette


class _Server(uvicorn.Server):
    """Sees ten times as soon as uvicorn that it shall end: hundreds of tests wait for that."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            await asyncio.sleep(0.01)


@contextmanager
def running(application: Starlette, *, certificate: Path | None = None) -> Iterator[str]:
    """The address of a server that runs until the block ends; over TLS with a certificate."""
    configuration = uvicorn.Config(application, port=0, log_config=None, access_log=False)
    if certificate:
        configuration.ssl_certfile = certificate  # its key stands in the same file
    server = _Server(configuration)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        scheme = "https" if certificate else "http"
        yield "{}://{}:{}".format(scheme, *server.servers[0].sockets[0].getsockname()[:2])
    finally:
        server.should_exit = True
        thread.join(30)
