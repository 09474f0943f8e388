"""What a deployment does in its model folder, which is the same at every place to deploy to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from components.deploy.model_folder.changes import (
    excess,
    held_back,
    lay_out,
    out_of_service,
    prune,
    remove_leftovers,
    take_out_damaged,
)
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Deployed, Plan
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import (
    CHALLENGER_PREFIX,
    DAMAGED_PREFIX,
    UNDEPLOYED_PREFIX,
    FolderError,
)
from sightline.ground.wording import counted
from sightline.stage import log
from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo
from sightline.stage.formats.model_folder import newest_whole
from sightline.stage.registry.changes import (
    challenger_gone,
    make_room,
    note_challenger,
    put_first,
    take_back,
    undeploy,
)
from sightline.stage.registry.log import LogEntry, live_since, served_by
from sightline.stage.registry.place import Place
from sightline.stage.registry.registry import Entry, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A version of the folder that a person makes live."""

    number: int
    action: Literal["promote", "rollback"]


class Versions:
    """The versions in a model folder, during one deployment."""

    def __init__(self, place: Place, settings: DeploySettings) -> None:
        """Know the folder; nothing is read yet."""
        self.place, self._settings = place, settings
        self.choice: Choice | None = None
        self._before: tuple[int | None, str] | None = None
        self.is_challenger = self._is_changed = False
        self._digest = ""
        self._damaged: tuple[int, ...] = ()
        self._staged = Path()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock.

        Raises:
            FolderError: another process keeps it locked.
        """
        with self.place.held(), self.place.staging() as staged:
            self._staged = staged
            yield

    @property
    def before(self) -> int | None:
        """The live version before; of a plan, one whose files are whole."""
        return self._live_before()[0]

    @property
    def before_digest(self) -> str:
        """The digest of its bundle; empty where nothing was live."""
        return self._live_before()[1]

    def _live_before(self) -> tuple[int | None, str]:
        if self._before is None:
            numbers = self.place.versions()
            digest = self.place.info(str(numbers[0])).digest if numbers else ""
            self._before = next(iter(numbers), None), digest
        return self._before

    def plan(self, bundle: Bundle, *, served: str = "") -> Plan:
        """Compare the bundle with the live version, whose files must be whole.

        A live version whose files have changed since its deployment is set aside first, so that
        the one before is live again, and the bundle is deployed also where it was that version.

        Args:
            bundle: what is to be live.
            served: where in a cloud it is to answer; nothing where servers read the folder.

        Raises:
            FolderError: the folder's live version answers somewhere else.
        """
        registry, place = Registry(self.place), self.place
        sound, damaged = newest_whole(place.versions(), lambda number: place.check(str(number)))
        live, info = sound or (None, None)
        self._before, self._damaged = (live, info.digest if info else ""), tuple(sorted(damaged))
        self._digest = bundle.info.digest
        self._expect_served(registry, served)
        plan = Plan(
            verdict="deploy",
            place=place.shown,
            version=live or 0,
            live=live,
            actions=out_of_service(damaged),
        )
        if self.choice is None and live and self.before_digest == self._digest:
            return replace(plan, verdict="live already")
        reason = held_back(registry, bundle.info, self._settings)
        if reason and self.choice is None:
            return replace(plan, verdict="held back", version=0, reason=reason)
        return self._planned(registry, bundle.info, plan)

    def _expect_served(self, registry: Registry, served: str) -> None:
        known = served_by(registry.log)
        if known and known != served:
            raise FolderError(
                f"{self.place.shown}: expected to deploy to {known}, which answers from this "
                f"folder; received {served or 'target local'}. Name another model folder "
                "(deploy.folder), or end what answers there: sightline undeploy."
            )

    def _planned(self, registry: Registry, info: BundleInfo, plan: Plan) -> Plan:
        found = self._chosen(registry) if self.choice else self._waiting()
        number = found or registry.next_number()
        files = counted(len(info.files) + 1, "file")
        copied = () if found else (f"Copy {files} to version {number} of {self.place.shown}.",)
        old = excess(self.place, [number], self._settings.keep_versions)
        endings = (f"Remove old versions: {', '.join(map(str, old))}.",) if old else ()
        return replace(plan, version=number, actions=(*plan.actions, *copied), endings=endings)

    def _chosen(self, registry: Registry) -> int:
        """Return the version that a person chose, unless another command removed it since."""
        number = self.choice.number if self.choice else 0
        name = registry.folders.get(number, "")
        if not name or self.place.info(name).digest != self._digest:
            raise FolderError(
                f"{self.place.shown}: expected version {number}, found none: another command "
                "removed it. See `sightline models list`."
            )
        return number

    def _waiting(self) -> int | None:
        """Return the version out of service that this bundle is already, if it is whole."""
        for prefix in (CHALLENGER_PREFIX, UNDEPLOYED_PREFIX):
            for number in self.place.taken(prefix):
                try:
                    if self.place.check(f"{prefix}{number}").digest == self._digest:
                        return number
                except DataError as error:
                    log.event("a waiting version is damaged", version=number, reason=str(error))
        return None

    def number_of(self, digest: str) -> int | None:
        """Return the version of a bundle, told by how its digest begins: a live one first."""
        for number, name in self._in_order():
            try:
                if digest and self.place.info(name).digest.startswith(digest):
                    return number
            except DataError as error:
                log.event("a version cannot be read", version=number, reason=str(error))
        return None

    def _in_order(self) -> list[tuple[int, str]]:
        registry = Registry(self.place)
        first = [*registry.versions[:1], *self.place.taken(CHALLENGER_PREFIX)]
        others = [number for number in registry.folders if number not in first]
        named = [(number, registry.folders[number]) for number in (*first, *others)]
        return [(number, name) for number, name in named if not name.startswith(DAMAGED_PREFIX)]

    def entries(self) -> list[Entry]:
        """Return every version, newest first."""
        return Registry(self.place).entries()

    def model_name(self) -> str:
        """Return what the live version calls the model, else the newest; empty where none does."""
        entries = sorted(self.entries(), key=lambda one: one.standing != "live")
        return next((one.info.model_name for one in entries if one.info), "")

    def follow(self, number: int, *, served: str) -> None:
        """Make the version live that answers in a cloud, whoever moved the requests there.

        Newer ones count as rolled back: somebody took the requests from them.
        """
        registry = Registry(self.place)
        digest = self.place.info(registry.folders[number]).digest
        newer = put_first(registry, number)
        Registry(self.place).note(
            LogEntry(
                time=timestamp(),
                action="rollback" if newer else "deploy",
                live=number,
                replaced=self.before,
                bundle_digest=digest,
                set_aside=newer,
                served_by=served,
            )
        )
        self._before = number, digest

    def taken_away(self, version: int) -> str:
        """Say who ended what a challenger has of the requests; nothing where nobody did."""
        return challenger_gone(self.place, version)

    def prepare(self, bundle: Bundle, version: int) -> None:
        """Tidy the folder, and lay the bundle out as a version where it has none yet."""
        remove_leftovers(self.place)
        self._take_out_damaged()
        make_room(Registry(self.place), version)
        self.is_challenger = version in self.place.taken(CHALLENGER_PREFIX)
        if version not in Registry(self.place).folders:
            lay_out(bundle.folder, bundle.info, self._staged)

    def _take_out_damaged(self) -> None:
        registry = Registry(self.place)
        take_out_damaged(registry, self.before, self.before_digest, self._damaged)

    @contextmanager
    def files(self, version: int) -> Iterator[Path]:
        """Have the files of a version that was prepared on this machine."""
        name = Registry(self.place).folders.get(version)
        if name is None:
            yield self._staged
            return
        with self.place.here(name) as folder:
            yield folder

    def challenge(self, version: int) -> None:
        """Make a version challenger, unless it is in service: an earlier one."""
        registry = Registry(self.place)
        name, challenger = registry.folders.get(version), f"{CHALLENGER_PREFIX}{version}"
        if name == str(version):
            return
        if name is None:
            self.place.put(self._staged, challenger)
        elif name != challenger:
            self.place.move(name, challenger)
        self.is_challenger = True
        tolerance = self._settings.smoke_tolerance
        note_challenger(Registry(self.place), version, self._digest, tolerance)

    def make_live(self, version: int, *, served: str = "") -> None:
        """Give a version its number: from this moment it is live."""
        if version not in Registry(self.place).folders:
            self.place.put(self._staged, str(version))
        newer = put_first(Registry(self.place), version)
        Registry(self.place).note(
            LogEntry(
                time=timestamp(),
                action=self.choice.action if self.choice else "deploy",
                live=version,
                replaced=self.before,
                bundle_digest=self._digest,
                set_aside=newer,
                tolerance=None if self.choice else self._settings.smoke_tolerance,
                served_by=served,
            )
        )
        self._is_changed, self.is_challenger = True, False

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """End a challenger that nobody took back by hand."""
        if version in self.place.taken(CHALLENGER_PREFIX):
            take_back(Registry(self.place), version, reason, failed=failed)

    def finish(self) -> Deployed:
        """Remove old versions, and say what is live and how to go back."""
        removed: tuple[int, ...] = ()
        if self._is_changed:
            removed = prune(self.place, self._settings.keep_versions)
        elif not self.is_challenger:
            self._take_out_damaged()
        registry = Registry(self.place)
        live, *earlier = registry.versions or [0]
        info = self.place.info(str(live)) if live else None
        since = (live_since(registry.log, live) or self.place.changed(str(live))) if live else None
        return Deployed(
            place=self.place.shown,
            version=live,
            live_since=since,
            model_name=info.model_name if info else None,
            model_sha256=info.model_sha256 if info else None,
            bundle_digest=info.digest if info else None,
            replaced=self.before if self._is_changed and self.before != live else None,
            earlier_versions=tuple(earlier),
            removed=removed,
            damaged=self._damaged,
        )

    def undeploy(self) -> tuple[int, ...]:
        """Take all versions out of service."""
        return undeploy(Registry(self.place))
