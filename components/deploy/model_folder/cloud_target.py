"""A place in a cloud: its versions are those of the model folder, and its servers are told.

The folder says what is live. Its lock is held while machines start and requests move, so that of
two deployments one waits; between the steps of a canary the other may begin, and takes over.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from components.deploy.model_folder.copies import Copies
from components.deploy.model_folder.versions import Choice, Versions
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Deployed, Observation, Plan, Target
from sightline.ground.errors import SettingsError
from sightline.ground.models.model_folder import FolderError
from sightline.ground.storage.addresses import scheme_of
from sightline.stage import log
from sightline.stage.command import address_of
from sightline.stage.registry.changes import choose_promoted, choose_target, expect_whole
from sightline.stage.registry.places import place_of
from sightline.stage.registry.registry import CHALLENGER, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What answers in a cloud before a deployment."""

    digest: str
    """How the digest of its bundle begins."""
    is_wanted: bool
    """Whether it alone answers, on the machines and with the image that are wanted."""


class CloudTarget(Target):
    """An endpoint or a service, with the versions of a model folder in a store."""

    schemes: ClassVar[tuple[str, ...]]
    """Stores that its servers read."""

    def __init__(self, settings: DeploySettings) -> None:
        """Know the folder.

        Raises:
            SettingsError: it is in no store that the cloud reads.
        """
        super().__init__(settings)
        self.versions = Versions(place_of(in_store(settings.folder, self.schemes)), settings)
        self.copies = Copies(self.versions.place)
        self._follow: int | None = None
        self._is_alone = True
        """Whether nobody answered before."""
        self._has_canary = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock.

        Raises:
            FolderError: another process keeps it locked.
        """
        with self.versions.held():
            yield

    def promote_command(self, version: int) -> str:
        """Return the command that promotes it."""
        return f"sightline models promote {version} --target {self.settings.target}"

    @property
    @abstractmethod
    def place(self) -> str:
        """What answers, in words."""

    @property
    def served(self) -> str:
        """What the folder says of it."""
        return f"{self.place} ({self.settings.target})"

    @abstractmethod
    def open(self, model: str) -> None:
        """Know what the model is called there, unless the settings say it."""

    @abstractmethod
    def reached(self) -> Iterator[tuple[str, str]]:
        """Say what of the cloud was reached, by name, and that its account may deploy there.

        Raises:
            UserError: something was not, or it may not.
        """

    @abstractmethod
    def answering(self) -> Answering | None:
        """Return what answers now, whatever is to be deployed; None where nothing does."""

    @abstractmethod
    def look(self, bundle: Bundle, version: int) -> Answering | None:
        """Return what answers now; None where nothing does."""

    @abstractmethod
    def starting(self, bundle: Bundle, version: int) -> list[str]:
        """Say what is begun there for a version, in sentences."""

    @abstractmethod
    def start(self, bundle: Bundle, version: int) -> None:
        """Begin it, without requests, and wait until it answers."""

    @abstractmethod
    def split(self, version: int, share: float) -> None:
        """Give a version this share of the requests, the one before the others."""

    @abstractmethod
    def give_back(self) -> None:
        """Give the version before all requests, and end the other."""

    @abstractmethod
    def ask(self, version: int) -> Observation:
        """Ask both versions the golden requests once more."""

    @abstractmethod
    def meet(self, digest: str) -> None:
        """Take for the new version what of this bundle shares the requests, however it runs."""

    @abstractmethod
    def remove(self, model: str) -> tuple[str, ...]:
        """Remove what answers for a model and what costs; say what was done in sentences.

        Args:
            model: its name; empty where nobody knows it.
        """

    def mirror(self) -> None:
        """Tell the cloud's own registry what the folder says, where it has one."""

    @abstractmethod
    def tidy(self) -> tuple[str, Mapping[str, str]]:
        """End what gets no requests; return how to ask what is live, and what a page shows."""

    def plan(self, bundle: Bundle) -> Plan:
        """Compare the bundle with the folder's live version, and with what answers."""
        self.open(bundle.info.model_name)
        plan = self.versions.plan(bundle, served=self.served)
        found = self.look(bundle, plan.version)
        self._is_alone = found is None
        self._follow = self._unsaid(found)
        live = self._follow or (self.versions.before if found else None)
        follow = (f"Note version {self._follow} as live: it answers.",) if self._follow else ()
        plan = replace(plan, place=self.place, live=live, actions=(*plan.actions, *follow))
        if plan.verdict == "held back" or (plan.verdict == "live already" and self._is_all(found)):
            return plan
        if self._follow and self._is_all(found):
            return replace(plan, verdict="live already", version=self._follow)
        actions = (*plan.actions, *self._actions(bundle, plan.version))
        end = (f"End what answers with version {live}.",) if live else ()
        return replace(plan, verdict="deploy", actions=actions, endings=(*plan.endings, *end))

    def _unsaid(self, found: Answering | None) -> int | None:
        """Return the version that answers without being the folder's live one."""
        number = self.versions.number_of(found.digest) if found else None
        return number if number != self.versions.before else None

    def _is_all(self, found: Answering | None) -> bool:
        return bool(found and found.is_wanted)

    def _actions(self, bundle: Bundle, version: int) -> list[str]:
        digest = bundle.info.digest
        copied = [] if self.copies.has(digest) else [f"Copy it to {self.copies.address(digest)}."]
        return [*copied, *self.starting(bundle, version)]

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Bring the bundle to the folder and to its servers, without requests."""
        self._catch_up()
        self.versions.prepare(bundle, plan.version)
        if not self.copies.has(bundle.info.digest):
            with self.versions.files(plan.version) as files:
                self.copies.bring(bundle.info.digest, files)
        self.start(bundle, plan.version)
        return plan.version

    def _catch_up(self) -> None:
        if self._follow:
            log.warning(
                f"{self.place} answers with version {self._follow}, and {self.versions.place.shown}"
                f" said {self.versions.before or 'none'}. It says {self._follow} now."
            )
            self.versions.follow(self._follow, served=self.served)
            self._follow = None

    def clear(self, version: int, reason: str, *, failed: bool) -> None:
        """End what was started; a challenger that fails is remembered."""
        self.give_back()
        self.versions.take_back(version, reason, failed=failed)
        self.mirror()

    def no_canary(self, version: int) -> str:
        """Make the version challenger; say so where nobody answers yet."""
        if self._is_alone:
            return f"nobody answers at {self.place} yet."
        self.versions.challenge(version)
        self._has_canary = True
        self.mirror()
        return ""

    def move_traffic(self, version: int, share: float) -> None:
        """Split the requests; with all of them the version is live, and the folder says so."""
        if self._has_canary and (text := self.versions.taken_away(version)):
            if share < 1:
                return  # `observe` says what happened
            raise FolderError(f"{self.place}: {text} Nothing was changed.")
        if share == 1 and not self._has_canary:
            # Whoever is killed from here on leaves a version that the folder knows.
            self.versions.challenge(version)
        self.split(version, share)
        if share == 1:
            self.versions.make_live(version, served=self.served)

    def observe(self, version: int) -> Observation:
        """Ask both versions, as long as nobody else moves the requests."""
        found = self.ask(version)
        text = self.versions.taken_away(version)
        return replace(found, problem=text) if text else found

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Give the live version all requests, unless somebody else has moved them since."""
        if self.versions.taken_away(version):
            return
        self.give_back()
        self.versions.take_back(version, reason, failed=failed)
        self.mirror()

    def finish(self) -> Deployed:
        """Remove what is old, and say what is live, and how to ask it."""
        self._catch_up()
        found = self.versions.finish()
        entries = self.versions.entries()
        digests = [one.info.digest for one in entries if one.info]
        # Of a version that cannot be read nobody knows its copy, which may be what answers.
        if len(digests) == len(entries):
            self.copies.keep(digests)
        self.mirror()
        ask, details = self.tidy()
        return replace(
            found,
            place=self.place,
            serve_command=ask,
            rollback_command=f"sightline rollback --target {self.settings.target}",
            details={"model folder": self.versions.place.shown, **details},
        )

    def undeploy(self, model: str = "") -> tuple[str, ...]:
        """Remove what answers; the folder says that nothing is live, and keeps the versions."""
        with self.versions.place.held():
            done = self.remove(model or self.versions.model_name())
            numbers = self.versions.undeploy()
            self.mirror()
        if not numbers:
            return done
        kept = ", ".join(map(str, numbers))
        return (*done, f"{self.versions.place.shown} keeps version {kept}; none is live.")

    @contextmanager
    def chosen(self, action: Literal["promote", "rollback"], named: str) -> Iterator[Bundle]:
        """Have the version here that a person wants live; `named` may be empty for a rollback.

        Raises:
            FolderError: there is no such version, or it is live.
            DataError: its files have changed since it was deployed.
        """
        registry = Registry(self.versions.place)
        if action == "promote":
            number = choose_promoted(registry, named)
        else:
            number = choose_target(registry, int(named) if named else None)
        expect_whole(registry, number)
        self.versions.choice = Choice(number=number, action=action)
        with self.versions.place.here(registry.folders[number]) as files:
            yield Bundle.read(files)

    def withdraw(self) -> str:
        """Take a challenger back by hand; return what was done, or nothing where there is none."""
        with self.held():
            registry = Registry(self.versions.place)
            number = registry.aliases.get(CHALLENGER)
            if not number or not registry.versions:
                return ""
            info = self.versions.place.info(registry.folders[number])
            self.open(info.model_name)
            self.look(Bundle(Path(), info), number)
            self.meet(info.digest)
            self.take_back(number, "It was rolled back by hand.", failed=True)
        live = registry.versions[0]
        return f"Challenger {number} is taken back; version {live} answers everything."


def in_store(folder: str, schemes: tuple[str, ...]) -> str:
    """Return the address of a model folder, also where a pipeline sees it as a folder.

    Raises:
        SettingsError: the cloud does not read there.
    """
    address = address_of(Path(folder)) if folder.startswith("/") else folder
    if scheme_of(address) not in schemes:
        known = " or ".join(f"{scheme}://BUCKET/models/NAME" for scheme in schemes)
        raise SettingsError(
            f"deploy: `folder`: expected an address that the servers of this target read "
            f"({known}); received {folder!r}. They get the bundle from there."
        )
    return address.rstrip("/")
