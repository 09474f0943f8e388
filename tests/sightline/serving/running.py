"""Run an application on a free port of this machine while a test talks to it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import uvicorn
from starlette.applications import Starlette

from sightline.serving import server
from sightline.serving.options import ServerOptions
from sightline.serving.web.listening import listening, url


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


@contextmanager
def serving_folder(
    folder: Path, *, limits: dict[str, float] | None = None, **options: Any
) -> Iterator[str]:
    """The address of a server of a model folder that runs in a thread until the block ends."""
    started: Queue[tuple[uvicorn.Server, str] | BaseException] = Queue()
    chosen = ServerOptions(folder=folder, port=0, workers=2, **options)

    async def serve(listeners: list[socket.socket]) -> None:
        certificate = chosen.certificate()
        async with server.serving(chosen, certificate) as (application, _):
            configured = server.configuration(
                application, certificate, forwarders=chosen.allow_forwarders, **(limits or {})
            )
            running = _Server(configured)
            started.put((running, url(chosen, listeners[0])))
            await running.serve(sockets=listeners)

    def run() -> None:
        try:
            with listening(chosen) as listeners:
                asyncio.run(serve(listeners))
        except BaseException as error:
            started.put(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    found = started.get(timeout=60)
    if isinstance(found, BaseException):
        raise found
    running, address = found
    try:
        yield address
    finally:
        running.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
