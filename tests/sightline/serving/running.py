"""Run an application on a free port of this machine while a test talks to it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette


@contextmanager
def running(application: Starlette) -> Iterator[str]:
    """The address of a server that runs until the block ends."""
    configuration = uvicorn.Config(application, port=0, log_config=None, access_log=False)
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield "http://{}:{}".format(*server.servers[0].sockets[0].getsockname()[:2])
    finally:
        server.should_exit = True
        thread.join(30)
