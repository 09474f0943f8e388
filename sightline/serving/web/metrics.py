"""What Prometheus reads: counts of requests as they are answered, and the server's state."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from sightline import __version__
from sightline.serving.canary import Canary
from sightline.serving.health import Health
from sightline.serving.pool import Pool
from sightline.serving.protocols.protocol import MAX_IMAGES, REASONS
from sightline.serving.sampling.feed import SampleFeed
from sightline.serving.tally import Tally
from sightline.serving.versions import Versions
from sightline.serving.web.accounts import Account
from sightline.serving.web.admission import Admission

MOST_CLASSES = 100
"""Classes of a version with a count of their own: the first that it answers with."""
MOST_VERSIONS = 5
OTHER = "other"
REFUSALS = {*REASONS.values(), "image", "evicted", "no worker starts", "not ready", "fault"}
SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, MAX_IMAGES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State(Collector):
    """What the parts of the server know of themselves, read when somebody asks."""

    model: str
    versions: Versions
    pool: Pool
    admission: Admission
    health: Health
    tally: Tally
    canary: Canary
    samples: SampleFeed | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield what is the case now."""
        for name, text, value in self._gauges():
            yield GaugeMetricFamily(f"sightline_{name}", text, value)
        for name, text, value in self._counts():
            yield CounterMetricFamily(f"sightline_{name}", text, value)
        ends = CounterMetricFamily(
            "sightline_worker_ends", "Workers that ended, by reason.", labels=["reason"]
        )
        for reason, count in sorted(self.tally.ends.items()):
            ends.add_metric([reason], count)
        yield ends
        loaded = GaugeMetricFamily(
            "sightline_version_loaded", "1 for versions in memory.", labels=["version"]
        )
        for number in self.versions.loaded():
            loaded.add_metric([str(number)], 1)
        yield loaded
        yield from self._shared()
        if self.samples:
            kept = CounterMetricFamily(
                "sightline_samples", "Samples for monitoring, by outcome.", labels=["outcome"]
            )
            for outcome in ("written", "dropped", "lost"):
                kept.add_metric([outcome], getattr(self.samples, outcome))
            yield kept
        current = self.versions.current
        engine = current.generation.description.get("engine", "") if current else ""
        info = GaugeMetricFamily(
            "sightline_info", "What answers.", labels=["model", "engine", "sightline"]
        )
        info.add_metric([_text(self.model), str(engine), __version__], 1)
        yield info

    def _shared(self) -> Iterator[Metric]:
        """Yield what both versions did since a challenger got its share; nothing without one."""
        split = self.canary.split
        if split is None:
            return
        share = split.order.share if split.shares else 0.0
        yield GaugeMetricFamily("sightline_canary_share", "Share of a challenger.", share)
        requests = GaugeMetricFamily(
            "sightline_canary_requests",
            "Requests since the share was set, by version and outcome.",
            labels=["role", "version", "outcome"],
        )
        for role, side in (("live", split.live), ("challenger", split.challenger)):
            named = [role, str(side.version)]
            requests.add_metric([*named, "answered"], side.requests - side.errors)
            requests.add_metric([*named, "failed"], side.errors)
        yield requests
        compared = GaugeMetricFamily(
            "sightline_canary_images",
            "Images that both versions answered since then, by outcome.",
            labels=["outcome"],
        )
        compared.add_metric(["same"], split.agreed)
        compared.add_metric(["different"], split.compared - split.agreed)
        yield compared

    def _gauges(self) -> Iterator[tuple[str, str, float]]:
        yield "queue_length", "Requests that wait for a worker.", self.pool.waiting
        yield "requests_with_worker", "Requests that have a worker.", self.pool.busy
        yield "worker_places", "Requests that may have a worker at once.", self.pool.places
        yield "requests_in_flight", "Requests under way.", self.admission.num_requests
        yield "bytes_in_flight", "Bytes of bodies in memory.", self.admission.num_bytes
        current = self.versions.current
        yield "live_version", "Version that answers.", current.number if current else 0
        yield (
            "golden_answer_timestamp_seconds",
            "When a worker last gave a golden answer.",
            self.health.last_good_time,
        )
        yield "ready", "1 where requests are answered.", not self.health.problem()

    def _counts(self) -> Iterator[tuple[str, str, float]]:
        yield "worker_starts", "Workers that were started.", self.tally.starts
        yield "version_switches", "Times that a version went live.", self.versions.switches
        yield "version_failures", "Times that a version did not load.", self.versions.failures


@dataclass(slots=True)
class Metrics:
    """Counts of one server; no label takes what a client sends."""

    state: State
    _registry: CollectorRegistry = field(init=False)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _images: Histogram = field(init=False)
    _received: Counter = field(init=False)
    _answers: Counter = field(init=False)
    _refusals: Counter = field(init=False)
    _counted: dict[str, dict[str, Counter]] = field(default_factory=dict)
    """By version and class, the oldest version first."""

    def __post_init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a time beside each count
        registry = self._registry = CollectorRegistry()
        registry.register(self.state)
        ProcessCollector(registry=registry)
        calls = ["protocol", "call"]
        self._requests = Counter(
            "sightline_requests", "Requests.", [*calls, "status"], registry=registry
        )
        self._seconds = Histogram(
            "sightline_request_seconds",
            "From the headers of a request to the end of its answer.",
            calls,
            buckets=SECONDS,
            registry=registry,
        )
        self._images = Histogram(
            "sightline_images_per_request", "Images.", buckets=IMAGES, registry=registry
        )
        self._received = Counter(
            "sightline_received_bytes", "Bytes of bodies that were read.", registry=registry
        )
        self._answers = Counter(
            "sightline_answers",
            "Images that were answered, by class.",
            ["version", "class"],
            registry=registry,
        )
        self._refusals = Counter(
            "sightline_refusals", "Requests that got no answer.", ["reason"], registry=registry
        )

    def hear(self, account: Account) -> None:
        """Count a request."""
        protocol, call = account.protocol, account.call
        self._requests.labels(protocol, call, str(account.status)).inc()
        self._seconds.labels(protocol, call).observe(account.seconds)
        if account.bytes_in:
            self._received.inc(account.bytes_in)
        if account.refused or account.status >= 400:
            reason = account.refused or REASONS.get(account.status, OTHER)
            self._refusals.labels(reason if reason in REFUSALS else OTHER).inc()
        elif account.answers:
            self._images.observe(account.images)
            for name, count in account.answers.items():
                self._count_of(account.version, name).inc(count)

    def _count_of(self, version: str, name: str) -> Counter:
        """Return the count of a class, or of all beyond the first hundred."""
        counts = self._counted.get(version)
        if counts is None:
            counts = self._counted[version] = {}
            while len(self._counted) > MOST_VERSIONS:
                oldest = next(iter(self._counted))
                for old in {_text(one) for one in self._counted.pop(oldest)}:
                    self._answers.remove(oldest, old)
        if name not in counts and len(counts) >= MOST_CLASSES:
            name = OTHER
        if name not in counts:
            counts[name] = self._answers.labels(version, _text(name))
        return counts[name]

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return all of it in the form that is asked for, and the name of that form."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def _text(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
