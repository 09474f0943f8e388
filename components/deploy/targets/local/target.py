"""A model folder: stage, test, rename, and where a server runs, share its requests first."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from components.deploy.model_folder.versions import Versions
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Deployed, Observation, Plan, SmokeTest
from components.deploy.target import Target as Questions
from components.deploy.targets.local.sharing import Sharing, no_sharing
from sightline.ground.models.model_folder import FolderError
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.places import place_of


class Target(Questions):
    """A model folder; whoever serves it follows."""

    def __init__(self, settings: DeploySettings) -> None:
        """Know the folder.

        Raises:
            SettingsError: it is in no place that is known.
        """
        super().__init__(settings)
        self._place = place_of(settings.folder)
        self._versions = Versions(self._place, settings)
        self._sharing: Sharing | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock.

        Raises:
            FolderError: another process keeps it locked.
        """
        with self._versions.held():
            yield

    def promote_command(self, version: int) -> str:
        """Return the command that promotes it."""
        return f"sightline models promote {version} --folder {shlex.quote(self._place.shown)}"

    def plan(self, bundle: Bundle) -> Plan:
        """Compare the bundle with the live version.

        Raises:
            FolderError: another deployment shares the traffic now, or a cloud answers from here.
        """
        plan = self._versions.plan(bundle)
        if plan.changes:
            no_sharing(self._place, bundle.info.digest)
        return plan

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Copy the bundle to a hidden place, laid out as a version."""
        self._versions.prepare(bundle, plan.version)
        return plan.version

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the files where they lie, with what a server answers with."""
        # Models and arrays take longer to import than all the rest, where nothing is new.
        from components.deploy.smoke import smoke_test

        with self._versions.files(version) as folder:
            return smoke_test(folder, self.settings.smoke_tolerance)

    def clear(self, version: int, reason: str, *, failed: bool) -> None:
        """Remove a challenger that fails; what was only laid out goes with the lock."""
        self._versions.take_back(version, reason, failed=failed)

    def no_canary(self, version: int) -> str:
        """Show the version to the servers of the folder, and say where none of them answers."""
        if self._versions.before is None:
            return "no version is live yet that it could be compared with."
        if not isinstance(self._place, LocalPlace):
            return "servers do not follow a folder in a store."
        self._versions.challenge(version)
        self._sharing = Sharing(self._place.folder, version)
        return self._sharing.nobody()

    def move_traffic(self, version: int, share: float) -> None:
        """Give a version a share of the requests, or its number: from this moment it is live."""
        if self._sharing and share < 1:
            self._sharing.give(share)
            return
        if self._sharing and (text := self._sharing.taken_away()):
            raise FolderError(f"{self._place.shown}: {text} Nothing was changed.")
        self._versions.make_live(version)
        if self._sharing:
            self._sharing.end()

    def observe(self, version: int) -> Observation:
        """Ask the servers of the folder what both versions did."""
        assert self._sharing  # noqa: S101 - the rollout asks for a canary first
        return self._sharing.observe()

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Have the live version answer everything again."""
        if self._sharing:
            self._sharing.end()
        self._versions.take_back(version, reason, failed=failed)

    def finish(self) -> Deployed:
        """Remove old versions, and say what is live and how to go back."""
        named = shlex.quote(self._place.shown)
        return replace(
            self._versions.finish(),
            serve_command=f"sightline serve {named}",
            rollback_command=f"sightline rollback {named}",
        )

    def undeploy(self, model: str = "") -> tuple[str, ...]:
        """Say that a folder runs nothing: whoever serves it is stopped where it was started."""
        return (f"{self._place.shown} runs nothing. Stop its servers where they were started.",)
