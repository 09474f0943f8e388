"""`sightline serve`: answer requests for a model folder until SIGTERM or SIGINT."""

import asyncio
import math
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import FrameType

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from sightline.ground.errors import SettingsError
from sightline.serving.canary import Canary
from sightline.serving.container.bundle_folder import as_model_folder
from sightline.serving.generation import Generation
from sightline.serving.health import Health
from sightline.serving.options import BODIES_TOGETHER, REQUESTS_PER_WORKER, ServerOptions
from sightline.serving.pool import MOST_THREADS, Pool
from sightline.serving.sampling.feed import feeding
from sightline.serving.tally import Tally
from sightline.serving.versions import Versions
from sightline.serving.web.access_log import AccessLog
from sightline.serving.web.accounts import HEADER, Accounts
from sightline.serving.web.admission import Admission
from sightline.serving.web.application import Calls, build_application
from sightline.serving.web.connections import ACCEPTED_AT_ONCE, bounded
from sightline.serving.web.hosts import KnownHosts, known_hosts
from sightline.serving.web.listening import listening, url
from sightline.serving.web.metrics import Metrics, State
from sightline.serving.web.noise import libraries_bounded
from sightline.serving.web.tls import Certificate, behind_tls
from sightline.serving.web.token import OPEN, PAGE, BearerToken
from sightline.serving.worker.brood import Order, VersionBrood
from sightline.stage import log

SHUTDOWN_SECONDS = 20
"""For requests that are under way; Kubernetes ends what has not ended after 30."""
CORES_OF_A_REQUEST = 4
"""The processor time of a request may be that much longer than it takes on the clock."""
Ready = Callable[[str], None]


def serve(options: ServerOptions, *, ready: Ready | None = None) -> None:
    """Serve the live version of a model folder, or a bundle, until SIGTERM or SIGINT.

    New versions are loaded aside and take over between two requests; requests that have begun are
    answered by the version that they began with.

    Args:
        options: what a person decides.
        ready: called with the address once requests are answered.

    Raises:
        FolderError: the folder has no version that loads, or the port is taken.
        DataError: the folder is a bundle that is damaged.
    """
    log.configure("serve")
    certificate = options.certificate()
    with (
        exit_on_sigterm(),
        libraries_bounded(),
        as_model_folder(options.folder) as folder,
        listening(options) as listeners,
    ):
        served = replace(options, folder=folder)
        # uvicorn ends well and passes on the Ctrl-C that made it end.
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(served, certificate, listeners, ready))
        log.event("stopped")


async def _serve(
    options: ServerOptions,
    certificate: Certificate | None,
    listeners: list[socket.socket],
    ready: Ready | None,
) -> None:
    async with serving(options, certificate) as (application, name):
        address = url(options, listeners[0])
        log.event("listening", address=address, model=name)
        if ready is not None:
            ready(address)
        configured = configuration(application, certificate, forwarders=options.allow_forwarders)
        await uvicorn.Server(configured).serve(sockets=listeners)


def configuration(
    application: ASGIApp,
    certificate: Certificate | None = None,
    *,
    forwarders: Sequence[str] = (),
    **limits: float,
) -> uvicorn.Config:
    """Return how uvicorn runs the application; limits are those of a connection."""
    protocol = bounded(**limits)
    return uvicorn.Config(
        application,
        http=behind_tls(protocol, certificate.context) if certificate else protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # uvicorn itself believes everybody on this machine.
        proxy_headers=bool(forwarders),
        forwarded_allow_ips=list(forwarders),
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=math.ceil(protocol.idle_seconds),
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


@asynccontextmanager
async def serving(
    options: ServerOptions, certificate: Certificate | None = None
) -> AsyncIterator[tuple[ASGIApp, str]]:
    """Have the application that answers, and the name of its model, with all that is behind it.

    Raises:
        FolderError: the folder has no version that loads.
    """
    time_limits = replace(options.time_limits, deadline_seconds=options.deadline_seconds)
    pool = Pool(options.places, time_limits)

    tally = Tally()
    versions = Versions(options.folder, partial(opened, options, tally))
    health, canary = Health(versions, pool), Canary(options.folder, versions, pool)
    async with feeding(options.sampling()) as samples:
        try:
            first = await versions.start(poll_seconds=options.poll_seconds)
            name = options.name or str(first.generation.description["model"])
            health.start()
            canary.start(options.poll_seconds)
            with on_hangup(partial(reload, versions, certificate)):
                state = State(
                    model=name,
                    versions=versions,
                    pool=pool,
                    admission=admission(options),
                    health=health,
                    tally=tally,
                    canary=canary,
                    samples=samples,
                )
                yield answering(state, options), name
        finally:
            await canary.stop()
            await health.stop()
            await versions.stop()


def answering(state: State, options: ServerOptions) -> ASGIApp:
    """Return the application that answers, with an account of every request."""
    metrics = Metrics(state)
    calls = Calls(
        name=state.model,
        versions=state.versions,
        pool=state.pool,
        admission=state.admission,
        health=state.health,
        metrics=metrics,
        samples=state.samples,
        canary=state.canary,
        vertex=options.vertex,
        has_page=options.page,
    )
    hear = [metrics.hear, *([AccessLog().hear] if options.access_log else [])]
    return Accounts(guarded(build_application(calls), options), hear)


def reload(versions: Versions, certificate: Certificate | None) -> None:
    """Look at the model folder and the certificate again."""
    versions.reload()
    if certificate:
        try:
            certificate.reload()
        except SettingsError as error:
            log.warning("the certificate stays as it was", reason=str(error))


async def opened(options: ServerOptions, tally: Tally, number: int) -> Generation:
    """Open a version and warm its workers.

    Raises:
        LoadError: it cannot be served.
    """
    order = Order(
        folder=options.folder,
        number=number,
        engine=options.engine,
        max_bytes=options.max_body,
        cpu_seconds=CORES_OF_A_REQUEST * math.ceil(options.deadline_seconds),
    )
    generation = Generation(VersionBrood(order), tally)
    await generation.start(options.places, threads=min(MOST_THREADS, options.places))
    return generation


def admission(options: ServerOptions) -> Admission:
    """Return what the server holds at once at most."""
    return Admission(
        max_body=options.max_body,
        max_bytes=BODIES_TOGETHER * options.max_body,
        max_requests=REQUESTS_PER_WORKER * options.places,
        body_seconds=options.time_limits.body_seconds,
    )


def guarded(application: ASGIApp, options: ServerOptions) -> ASGIApp:
    """Let only those ask that may."""
    if options.token:
        probed = {options.vertex.health} if options.vertex else set()
        shown = {PAGE} if options.page else set()
        application = BearerToken(application, options.token, OPEN | probed | shown)
    if options.allow_origins:
        application = CORSMiddleware(
            application,
            allow_origins=options.allow_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[HEADER],
        )
    # Nobody comes to a socket in the file system from elsewhere.
    host = options.host if options.uds is None else "localhost"
    hosts = known_hosts(host, options.allow_hosts)
    return KnownHosts(application, hosts=hosts, origins=options.allow_origins)


@contextmanager
def on_hangup(act: Callable[[], None]) -> Iterator[None]:
    """Call a function at SIGHUP, where this thread may have signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, act)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


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
