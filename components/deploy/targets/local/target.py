"""A model folder: stage, test, rename, and where a server runs, share its requests first."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Deployed, Observation, Plan, SmokeTest
from components.deploy.target import Target as Questions
from components.deploy.targets.local.folder import (
    excess,
    held_back,
    lay_out,
    out_of_service,
    prune,
    remove_leftovers,
    take_out_damaged,
)
from components.deploy.targets.local.sharing import Sharing, no_sharing
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import CHALLENGER_PREFIX, FolderError
from sightline.ground.wording import counted
from sightline.stage import log
from sightline.stage.clock import timestamp
from sightline.stage.formats.model_folder import newest_whole
from sightline.stage.registry.changes import make_room, note_challenger, take_back
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.log import LogEntry, live_since
from sightline.stage.registry.places import place_of
from sightline.stage.registry.registry import Registry


class Target(Questions):
    """A model folder; whoever serves it follows."""

    def __init__(self, settings: DeploySettings) -> None:
        """Know the folder.

        Raises:
            SettingsError: it is in no place that is known.
        """
        super().__init__(settings)
        self._place = place_of(settings.folder)
        self._before: int | None = None
        self._before_digest = ""
        self._damaged: tuple[int, ...] = ()
        self._staged = Path()
        self._digest = ""
        self._is_challenger = self._is_changed = False
        self._sharing: Sharing | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock.

        Raises:
            FolderError: another process keeps it locked.
        """
        with self._place.held(), self._place.staging() as staged:
            self._staged = staged
            yield

    def promote_command(self, version: int) -> str:
        """Return the command that promotes it."""
        return f"sightline models promote {version} --folder {shlex.quote(self._place.shown)}"

    def plan(self, bundle: Bundle) -> Plan:
        """Compare the bundle with the live version, whose files must be whole.

        A live version whose files have changed since its deployment is set aside first, so that
        the one before is live again, and the bundle is deployed also where it was that version.

        Raises:
            FolderError: another deployment shares the traffic now.
        """
        registry = Registry(self._place)
        place = self._place
        sound, damaged = newest_whole(place.versions(), lambda number: place.check(str(number)))
        live, info = sound or (None, None)
        self._before, self._damaged = live, tuple(sorted(damaged))
        self._before_digest = info.digest if info else ""
        self._digest = bundle.info.digest
        aside, shown = out_of_service(damaged), self._place.shown
        if live and self._before_digest == self._digest:
            return Plan(verdict="live already", place=shown, version=live, live=live, actions=aside)
        if reason := held_back(registry, bundle.info, self.settings):
            return Plan(
                verdict="held back", place=shown, version=0, live=live, reason=reason, actions=aside
            )
        no_sharing(self._place, self._digest)
        waiting = self._waiting()
        number = waiting or registry.next_number()
        files = counted(len(bundle.info.files) + 1, "file")
        copied = () if waiting else (f"Copy {files} to version {number} of {shown}.",)
        old = excess(self._place, [number], self.settings.keep_versions)
        endings = (f"Remove old versions: {', '.join(map(str, old))}.",) if old else ()
        return Plan(
            verdict="deploy",
            place=shown,
            version=number,
            live=live,
            actions=(*aside, *copied),
            endings=endings,
        )

    def _waiting(self) -> int | None:
        """Return the challenger that this bundle is already, if it is whole."""
        for number in self._place.taken(CHALLENGER_PREFIX):
            try:
                if self._place.check(f"{CHALLENGER_PREFIX}{number}").digest == self._digest:
                    return number
            except DataError as error:
                log.event("a challenger is damaged", version=number, reason=str(error))
        return None

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Copy the bundle to a hidden place, laid out as a version."""
        remove_leftovers(self._place)
        take_out_damaged(Registry(self._place), self._before, self._before_digest, self._damaged)
        make_room(Registry(self._place), plan.version)
        self._is_challenger = plan.version in self._place.taken(CHALLENGER_PREFIX)
        if not self._is_challenger:
            lay_out(bundle.folder, bundle.info, self._staged)
        return plan.version

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the files where they lie, with what a server answers with."""
        # Models and arrays take longer to import than all the rest, where nothing is new.
        from components.deploy.smoke import smoke_test

        if not self._is_challenger:
            return smoke_test(self._staged, self.settings.smoke_tolerance)
        with self._place.here(f"{CHALLENGER_PREFIX}{version}") as folder:
            return smoke_test(folder, self.settings.smoke_tolerance)

    def clear(self, version: int) -> None:
        """Remove a challenger that fails; what was only laid out goes with the lock."""
        if self._is_challenger:
            take_back(Registry(self._place), version, "It failed its smoke test.", failed=True)

    def no_canary(self, version: int) -> str:
        """Show the version to the servers of the folder, and say where none of them answers."""
        if self._before is None:
            return "no version is live yet that it could be compared with."
        if not isinstance(self._place, LocalPlace):
            return "servers do not follow a folder in a store."
        self._become_challenger(version)
        self._sharing = Sharing(self._place.folder, version)
        return self._sharing.nobody()

    def _become_challenger(self, version: int) -> None:
        if not self._is_challenger:
            self._place.put(self._staged, f"{CHALLENGER_PREFIX}{version}")
            self._is_challenger = True
        tolerance = self.settings.smoke_tolerance
        note_challenger(Registry(self._place), version, self._digest, tolerance)

    def move_traffic(self, version: int, share: float) -> None:
        """Give a version a share of the requests, or its number: from this moment it is live."""
        if self._sharing and share < 1:
            self._sharing.give(share)
            return
        if self._sharing and (text := self._sharing.taken_away()):
            raise FolderError(f"{self._place.shown}: {text} Nothing was changed.")
        if self._is_challenger:
            self._place.move(f"{CHALLENGER_PREFIX}{version}", str(version))
        else:
            self._place.put(self._staged, str(version))
        if self._sharing:
            self._sharing.end()
        Registry(self._place).note(
            LogEntry(
                time=timestamp(),
                action="deploy",
                live=version,
                replaced=self._before,
                bundle_digest=self._digest,
                tolerance=self.settings.smoke_tolerance,
            )
        )
        self._is_changed = True

    def observe(self, version: int) -> Observation:
        """Ask the servers of the folder what both versions did."""
        assert self._sharing  # noqa: S101 - the rollout asks for a canary first
        return self._sharing.observe()

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Have the live version answer everything again."""
        if self._sharing:
            self._sharing.end()
        if version in self._place.taken(CHALLENGER_PREFIX):  # nobody took it back by hand
            take_back(Registry(self._place), version, reason, failed=failed)

    def finish(self) -> Deployed:
        """Remove old versions, and say what is live and how to go back."""
        removed: tuple[int, ...] = ()
        if self._is_changed:
            removed = prune(self._place, self.settings.keep_versions)
        elif not self._is_challenger:
            damaged = self._damaged
            take_out_damaged(Registry(self._place), self._before, self._before_digest, damaged)
        registry = Registry(self._place)
        live, *earlier = registry.versions or [0]
        info = self._place.info(str(live)) if live else None
        since = (live_since(registry.log, live) or self._place.changed(str(live))) if live else None
        named = shlex.quote(self._place.shown)
        return Deployed(
            place=self._place.shown,
            version=live,
            live_since=since,
            model_name=info.model_name if info else None,
            model_sha256=info.model_sha256 if info else None,
            bundle_digest=info.digest if info else None,
            replaced=self._before if self._is_changed else None,
            earlier_versions=tuple(earlier),
            removed=removed,
            damaged=self._damaged,
            serve_command=f"sightline serve {named}",
            rollback_command=f"sightline rollback {named}",
        )

    def undeploy(self) -> tuple[str, ...]:
        """Say that a folder runs nothing: whoever serves it is stopped where it was started."""
        return (f"{self._place.shown} runs nothing. Stop its servers where they were started.",)
