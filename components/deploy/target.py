"""What any place to deploy to is asked: plan, apply, smoke-test, move traffic, take back."""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from components.deploy.settings import DeploySettings
from sightline.ground.errors import SettingsError
from sightline.stage.formats.bundle import BundleInfo, read_info


@dataclass(frozen=True, slots=True)
class Bundle:
    """What export wrote, and where."""

    folder: Path
    info: BundleInfo

    @classmethod
    def read(cls, folder: Path) -> "Bundle":
        """Read what a bundle says of itself.

        Raises:
            DataError: it is none.
        """
        return cls(folder, read_info(folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deployment would do at a place, as data; nothing is changed yet."""

    verdict: Literal["deploy", "live already", "held back"]
    place: str
    """The folder, the endpoint, the service."""
    version: int
    """The number that the bundle gets or has there."""
    live: int | None
    """What is live before."""
    reason: str = ""
    """Why the bundle is held back."""
    actions: tuple[str, ...] = ()
    """What apply does, in sentences: files, services, machines."""
    endings: tuple[str, ...] = ()
    """What is done once the version is live."""

    @property
    def changes(self) -> bool:
        """Tell whether there is anything to do."""
        return self.verdict == "deploy"

    def as_json(self) -> dict[str, Any]:
        """Return the plan for `deployment.json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """What the golden requests came back with."""

    num_requests: int
    engine: str
    """What answered: what a server answers with, too."""
    max_difference: float
    """Largest difference of any number in an answer from the golden one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one version did with its requests since the share was set."""

    requests: int = 0
    errors: int = 0
    """Requests that it could not answer, whoever answered them then."""
    seconds: float | None = None
    """Median time of an answer; None where nobody measured it."""

    @property
    def error_share(self) -> float:
        """Share of its requests that failed."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is known of two versions that share the traffic, since the share was set."""

    live: Counts
    challenger: Counts
    compared: int = 0
    """Images that both answered."""
    agreed: int = 0
    """Those with the same answer."""
    problem: str = ""
    """Why the challenger cannot go on, whatever the counts say: it does not load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What is live at a place after a deployment; 0 and None where nothing is."""

    place: str
    version: int
    live_since: str | None
    model_name: str | None
    model_sha256: str | None
    bundle_digest: str | None
    replaced: int | None = None
    """The version that was live before, where this deployment changed that."""
    earlier_versions: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    damaged: tuple[int, ...] = ()
    """Versions that were taken out of service because their files had changed."""
    serve_command: str = ""
    """How a person asks or serves it."""
    rollback_command: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    """What else the page shows: machine, endpoint, console."""


class Target(ABC):
    """One place to deploy to; an object lives for one deployment.

    The rollout calls: `held`, in it `plan`, `apply`, `smoke_test`; then `move_traffic` once per
    step and for the last time with 1, `observe` between; `take_back` where something is wrong.
    Every call may be repeated: the same bundle twice is one version.
    """

    def __init__(self, settings: DeploySettings) -> None:
        """Get to know the settings; nothing is asked of the place yet."""
        self.settings = settings

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other deployments out, where the place can."""
        yield

    def promote_command(self, version: int) -> str:
        """Return the command by which a person puts a version live that did not go there."""
        return ""

    def held_back(self, place: str, version: int, live: int | None) -> Plan:
        """Return the plan for a bundle that was rolled back under a number that it still has."""
        return Plan(
            verdict="held back",
            place=place,
            version=version,
            live=live,
            reason=f"This bundle was rolled back as version {version}. To deploy it all the "
            "same, set deploy.redeploy_rolled_back to true.",
        )

    @abstractmethod
    def plan(self, bundle: Bundle) -> Plan:
        """Look at the place, and say what would be done; change nothing."""

    @abstractmethod
    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Bring the bundle there, without traffic; return its version.

        Raises:
            DataError: it is damaged, or did not arrive whole.
        """

    @abstractmethod
    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the golden requests of what will answer.

        Raises:
            DataError: an answer differs by more than `smoke_tolerance`, or there is none.
        """

    @abstractmethod
    def no_canary(self, version: int) -> str:
        """Say why traffic cannot be split here now; nothing where it can."""

    @abstractmethod
    def move_traffic(self, version: int, share: float) -> None:
        """Give a version this share of the requests; with 1 it is live, and counts begin anew."""

    @abstractmethod
    def observe(self, version: int) -> Observation:
        """Return what both versions did since the share was last set."""

    @abstractmethod
    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Give all requests to the live version again.

        Args:
            version: what does not go on.
            reason: why.
            failed: whether it may never go live by itself again; else it stays as a challenger.
        """

    @abstractmethod
    def clear(self, version: int, reason: str, *, failed: bool) -> None:
        """Remove what apply brought, after a smoke test that failed or was stopped.

        Args:
            version: what is not to go live; it may have been a challenger before.
            reason: why.
            failed: as `take_back`.
        """

    @abstractmethod
    def finish(self) -> Deployed:
        """Remove what is old, and say what is live."""

    @abstractmethod
    def undeploy(self, model: str = "") -> tuple[str, ...]:
        """Take the model out of service and remove what costs; say what was done in sentences.

        Args:
            model: what it is called, where the settings do not say what answers for it.
        """


def percent_of(share: float) -> int:
    """Return the share of a canary as clouds take it: both versions keep at least 1 %."""
    return min(99, max(1, round(100 * share)))


def target_of(settings: DeploySettings) -> Target:
    """Return the place that the settings name.

    Raises:
        SettingsError: it needs other settings, too.
    """
    expect_needed(settings)
    return by_name(settings)


def by_name(settings: DeploySettings) -> Target:
    """Return the place that the settings name, whatever else they lack."""
    module = importlib.import_module(f"components.deploy.targets.{settings.target}.target")
    found: Target = module.Target(settings)
    return found


def expect_needed(settings: DeploySettings) -> None:
    """Refuse settings that lack what their target needs, as lint does before anything is sent.

    Raises:
        SettingsError: naming the setting, and where a value comes from.
    """
    for name, known in type(settings).model_fields.items():
        extra: Any = known.json_schema_extra if isinstance(known.json_schema_extra, dict) else {}
        where = extra.get("needed_where", {"target": []})
        if settings.target in where.get("target", ()) and not getattr(settings, name):
            raise SettingsError(
                f"deploy: `{name}`: expected a value for target {settings.target}, received none. "
                f"{extra['needed']}"
            )
