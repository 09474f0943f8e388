"""How a server is started: every option once, with its bounds."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from sightline.ground.cores import usable_cores
from sightline.ground.errors import SettingsError
from sightline.ground.storage.addresses import TOKEN_VARIABLE
from sightline.serving.pool import TimeLimits
from sightline.serving.sampling.sampling import Sampling
from sightline.serving.web.admission import BYTES_PER_MB
from sightline.serving.web.tls import Certificate
from sightline.serving.web.token import problem_of_token
from sightline.stage.answering.engine import BY_ENGINE

ENGINES = tuple(BY_ENGINE)
LARGEST_PORT = 65_535
MOST_WORKERS = 256
BODIES_TOGETHER = 8
"""Largest bodies that may be in memory at once."""
REQUESTS_PER_WORKER = 64

ROUTE = re.compile(r"/[\w.~:%/-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class VertexRoutes:
    """Where Vertex AI asks a custom container, and what it calls the model."""

    predict: str
    health: str
    deployed_model: str = ""

    def __post_init__(self) -> None:
        """Check both addresses.

        Raises:
            SettingsError: one is no path.
        """
        for name, route in (("AIP_PREDICT_ROUTE", self.predict), ("AIP_HEALTH_ROUTE", self.health)):
            _require(bool(ROUTE.fullmatch(route)), name, "a path such as /predict", route)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """What a person decides about a server."""

    folder: Path
    """A model folder, or a bundle."""
    host: str = "127.0.0.1"
    """`localhost` is this machine on both of its families of addresses."""
    port: int = 8501
    """0 takes a free one."""
    uds: Path | None = None
    """Socket in the file system to listen at, and nowhere else."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    """None where the key stands with the certificate."""
    token: str = field(default="", repr=False)
    """What clients send to be answered; without one anybody is."""
    name: str | None = None
    """Model name in the addresses; None takes the one that was exported."""
    engine: str | None = None
    """None takes the best that the bundle lets answer."""
    workers: int = 0
    """Requests that are worked on at once; 0 means one per core that may be used."""
    max_body_mb: int = 32
    deadline_seconds: float = 20.0
    """Time of a request with a worker."""
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    allow_forwarders: tuple[str, ...] = ()
    """Proxies whose X-Forwarded-For says who asks, by address or network; `*` is any."""
    sample_share: float = 0.0
    """Share of the answered images that are kept for monitoring."""
    sample_folder: Path | None = None
    sample_images: bool = False
    sample_max_mb: int = 1_000
    access_log: bool = False
    """A line in the log for each request."""
    poll_seconds: float = 1.0
    """How often to look for a new version."""
    page: bool = True
    """Whether people can try the model with a browser, and see its golden pictures."""
    vertex: VertexRoutes | None = None
    """Addresses beside the server's own; None outside Vertex AI."""
    time_limits: TimeLimits = field(default_factory=TimeLimits)

    def __post_init__(self) -> None:
        """Check everything.

        Raises:
            SettingsError: a value is out of its bounds.
        """
        _require(0 <= self.port <= LARGEST_PORT, "--port", f"0 to {LARGEST_PORT}", self.port)
        _require(
            0 <= self.workers <= MOST_WORKERS, "--workers", f"0 to {MOST_WORKERS}", self.workers
        )
        _require(1 <= self.max_body_mb <= 1_024, "--max-body-mb", "1 to 1024", self.max_body_mb)
        is_time = 0.5 <= self.deadline_seconds <= 600
        _require(is_time, "--deadline", "0.5 to 600 seconds", self.deadline_seconds)
        is_engine = self.engine is None or self.engine in ENGINES
        _require(is_engine, "--engine", f"one of {', '.join(ENGINES)}", self.engine)

        for address in self.allow_forwarders:
            known = "an address, a network such as 10.0.0.0/8, or *"
            _require(_is_network(address), "--allow-forwarder", known, address)
        has_both = self.tls_key is None or self.tls_cert is not None
        _require(has_both, "--tls-key", "--tls-cert beside it", "no certificate")
        _require(0 <= self.sample_share <= 1, "--sample-share", "0 to 1", self.sample_share)
        has_folder = (self.sample_folder is not None) == (self.sample_share > 0)
        both = "a share above 0 and --sample-folder, or none of them"
        _require(has_folder, "--sample-share", both, (self.sample_share, str(self.sample_folder)))
        is_room = 10 <= self.sample_max_mb <= 10_000_000
        _require(is_room, "--sample-max-mb", "10 to 10000000", self.sample_max_mb)
        if problem := problem_of_token(self.token):
            raise SettingsError(
                f"--token-file or {TOKEN_VARIABLE}: {problem}; received another token."
            )

    def certificate(self) -> Certificate | None:
        """Return what TLS begins with, or None.

        Raises:
            SettingsError: the files are none of a certificate and its key.
        """
        return Certificate(self.tls_cert, self.tls_key) if self.tls_cert else None

    def sampling(self) -> Sampling | None:
        """Return what is kept for monitoring, or None."""
        if self.sample_folder is None:
            return None
        return Sampling(
            share=self.sample_share,
            folder=self.sample_folder,
            images=self.sample_images,
            max_mb=self.sample_max_mb,
        )

    @property
    def places(self) -> int:
        """Workers, as a number."""
        return self.workers or usable_cores()

    @property
    def max_body(self) -> int:
        """Bytes of the largest body."""
        return self.max_body_mb * BYTES_PER_MB


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return text == "*"
    return True


def _require(holds: bool, option: str, expected: str, received: object) -> None:
    if not holds:
        raise SettingsError(f"{option}: expected {expected}; received {received!r}.")
