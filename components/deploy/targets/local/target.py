"""A model folder on this machine: stage, test, rename."""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.deploy.settings import DeploySettings
from components.deploy.smoke import smoke_test
from components.deploy.target import Bundle, Deployed, Observation, Plan, SmokeTest
from components.deploy.target import Target as Questions
from components.deploy.targets.local.folder import (
    excess,
    held_back,
    local_folder,
    out_of_service,
    prune,
    remove_leftovers,
    stage,
    switch,
    take_out_damaged,
)
from sightline.ground.model_folder import FolderError, locked, version_numbers
from sightline.ground.wording import counted
from sightline.stage.formats.model_folder import Version, newest_sound, next_number, read_version


class Target(Questions):
    """A model folder; whoever serves it follows."""

    def __init__(self, settings: DeploySettings) -> None:
        """Know the folder.

        Raises:
            SettingsError: it is not on this machine.
        """
        super().__init__(settings)
        self._folder = local_folder(settings.folder)
        self._before: Version | None = None
        self._damaged: tuple[int, ...] = ()
        self._staged = Path()
        self._bundle: Bundle | None = None
        self._is_changed = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock.

        Raises:
            FolderError: another process keeps it locked.
        """
        with locked(self._folder):
            yield

    def plan(self, bundle: Bundle) -> Plan:
        """Compare the bundle with the live version, whose files must be whole.

        A live version whose files have changed since its deployment is set aside first, so that
        the one before is live again, and the bundle is deployed also where it was that version.
        """
        self._before, damaged = newest_sound(self._folder)
        self._damaged = tuple(sorted(damaged))
        aside = out_of_service(damaged)
        before = self._before
        live = before.number if before else None
        if before and before.bundle_digest == bundle.info.digest:
            return Plan(
                verdict="live already",
                place=str(self._folder),
                version=before.number,
                live=live,
                actions=aside,
            )
        if reason := held_back(self._folder, bundle.info, self.settings):
            return Plan(
                verdict="held back",
                place=str(self._folder),
                version=0,
                live=live,
                reason=reason,
                actions=aside,
            )
        number = next_number(self._folder)
        num_files = len(bundle.info.files) + 1
        copied = f"Copy {counted(num_files, 'file')} to version {number} of {self._folder}."
        old = excess(self._folder, [number], self.settings.keep_versions)
        return Plan(
            verdict="deploy",
            place=str(self._folder),
            version=number,
            live=live,
            actions=(*aside, copied),
            endings=(f"Remove old versions: {', '.join(map(str, old))}.",) if old else (),
        )

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Copy the bundle into a hidden place of the folder, laid out as a version."""
        remove_leftovers(self._folder)
        take_out_damaged(self._folder, self._before, self._damaged)
        self._bundle = bundle
        self._staged = stage(bundle.folder, bundle.info, self._folder)
        return plan.version

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the staged files with what a server answers with."""
        return smoke_test(self._staged, self.settings.smoke_tolerance)

    def clear(self, version: int) -> None:
        """Remove the staged files."""
        shutil.rmtree(self._staged)

    def no_canary(self, version: int) -> str:
        """Say that servers of a folder do not split traffic."""
        return "the servers of a model folder split no traffic."

    def move_traffic(self, version: int, share: float) -> None:
        """Give the staged version its number: from this moment it is live."""
        if share < 1 or self._bundle is None:
            raise FolderError(f"{self._folder}: expected a version that gets all requests.")
        switch(
            self._folder,
            self._staged,
            version,
            self._bundle.info,
            self._before.number if self._before else None,
            self.settings.smoke_tolerance,
        )
        self._is_changed = True

    def observe(self, version: int) -> Observation:
        """Refuse: nothing is split."""
        raise FolderError(f"{self._folder}: {self.no_canary(version)}")

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Refuse: nothing is split."""
        raise FolderError(f"{self._folder}: {self.no_canary(version)}")

    def finish(self) -> Deployed:
        """Remove old versions, and say what is live and how to go back."""
        removed: tuple[int, ...] = ()
        if self._is_changed:
            removed = prune(self._folder, self.settings.keep_versions)
        else:
            take_out_damaged(self._folder, self._before, self._damaged)
        numbers = version_numbers(self._folder)
        live = read_version(self._folder, numbers[0]) if numbers else None
        place = shlex.quote(str(self._folder))
        return Deployed(
            place=str(self._folder),
            version=live.number if live else 0,
            live_since=live.live_since if live else None,
            model_name=live.model_name if live else None,
            model_sha256=live.model_sha256 if live else None,
            bundle_digest=live.bundle_digest if live else None,
            replaced=self._before.number if self._before and self._is_changed else None,
            earlier_versions=tuple(numbers[1:]),
            removed=removed,
            damaged=self._damaged,
            serve_command=f"sightline serve {place}",
            rollback_command=f"sightline rollback {place}",
        )

    def undeploy(self) -> tuple[str, ...]:
        """Say that a folder runs nothing: whoever serves it is stopped where it was started."""
        return (f"{self._folder} runs nothing. Stop its servers where they were started.",)
