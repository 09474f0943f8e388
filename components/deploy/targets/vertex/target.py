"""An endpoint of Vertex AI: our server's image behind it, the Model Registry as registry."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from components.deploy.asking import GoldenAnswers, Tally
from components.deploy.settings import DeploySettings
from components.deploy.stored_bundle import StoredBundle
from components.deploy.target import Bundle, Observation, Plan, SmokeTest, percent_of
from components.deploy.target import Deployed as Outcome
from components.deploy.target import Target as Questions
from sightline.clouds.google.endpoint import Deployed, Endpoint, Machines, deployed_id
from sightline.clouds.google.model_versions import (
    CHALLENGER,
    CHAMPION,
    DEFAULT,
    PREVIOUS,
    ROLLED_BACK,
    Version,
    Versions,
)
from sightline.clouds.google.project import GoogleProject
from sightline.clouds.google.vertex import Vertex
from sightline.ground.errors import SettingsError, UserError, shorten
from sightline.ground.patience import Patience
from sightline.ground.storage.stores import StoreOptions
from sightline.stage import log

REHEARSAL = "-rehearsal"
"""An endpoint where a new version is asked its golden requests: Vertex AI sends requests by shares
alone, so a version without one cannot be asked where the others are."""


class Target(Questions):
    """One endpoint in one project and location."""

    def __init__(self, settings: DeploySettings, patience: Patience | None = None) -> None:
        """Know the project; nothing is asked yet."""
        super().__init__(settings)
        at = GoogleProject(
            project=settings.vertex_project,
            location=settings.vertex_location,
            api_endpoint=settings.vertex_api_endpoint,
            anonymous=settings.vertex_sign_in == "anonymous",
            who="Vertex AI",
            prefix="deploy.vertex_",
            sign_in="sign_in",
        )
        self._patience = patience or Patience()
        self._vertex = Vertex(at, self._patience, settings.ready_timeout_seconds)
        self._machines = machines_of(settings)
        self._before: Deployed | None = None
        self._is_changed = False
        self._tally = Tally()
        self._stopped: tuple[int, ...] = ()

    def plan(self, bundle: Bundle) -> Plan:
        """Look who answers at the endpoint, and whether the registry knows the bundle."""
        self._know(bundle)
        self._before = next(iter(self._answering()), None)
        versions, mine = self._versions.all(), self._versions.of(bundle.info.digest)
        live = self._before.version if self._before else None
        number = mine.number if mine else max((one.number for one in versions), default=0) + 1
        if self._before and self._before.id == self._id:
            return Plan(verdict="live already", place=self._place, version=number, live=live)
        if mine and mine.is_rolled_back and not self.settings.redeploy_rolled_back:
            return self.held_back(self._place, number, live)
        ended = f"Stop the machines of version {live}." if live else ""
        return Plan(
            verdict="deploy",
            place=self._place,
            version=number,
            live=live,
            actions=tuple(self._actions(number, mine)),
            endings=(ended,) if ended else (),
        )

    def _know(self, bundle: Bundle) -> None:
        """Open what depends on the bundle's name and digest."""
        info, settings = bundle.info, self.settings
        options = StoreOptions(anonymous=self._vertex.at.anonymous)
        self._bundle = bundle
        self._stored = StoredBundle(bundle, settings.folder, ("gs",), options, self._patience)
        self._versions = Versions(self._vertex, info.model_name)
        self._id = deployed_id(info.digest, settings.serving_image, self._machines)
        self._open(settings.vertex_endpoint or info.model_name)

    def _open(self, name: str) -> None:
        self._endpoint = Endpoint(self._vertex, name)
        self._rehearsal = Endpoint(self._vertex, f"{name}{REHEARSAL}")

    def _actions(self, number: int, mine: Version | None) -> list[str]:
        actions = self._stored.actions()
        if mine is None:
            model = self._versions.model
            actions.append(f"Register them as version {number} of model {model}, {self._where}.")
        if self._endpoint.read() is None:
            actions.append(f"Make endpoint {self._endpoint.name}, {self._where}.")
        actions.append(
            f"Start {self._machines} for it with {self.settings.serving_image}, and one machine "
            "more until it has repeated its golden answers."
        )
        return actions

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Bring the bundle to the bucket, register it, and start its machines without traffic."""
        info, key = bundle.info, self.settings.vertex_encryption_key
        self._stored.bring()
        self._version = self._versions.upload(
            info.model_name, info.digest, self._stored.address, self.settings.serving_image, key
        )
        self._versions.mark(self._version, "")
        for one in (self._endpoint, self._rehearsal):
            one.ensure(key)
        # New machines take minutes: those of both endpoints start side by side.
        with ThreadPoolExecutor(2) as side_by_side:
            started = [
                side_by_side.submit(one.deploy, self._id, self._version, machines)
                for one, machines in (
                    (self._endpoint, self._machines),
                    (self._rehearsal, self._machines.one()),
                )
            ]
        for begun in started:
            begun.result()
        return self._version.number

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the golden requests where nobody else asks; nothing stays of that place."""
        self._golden = GoldenAnswers(bundle, self.settings.smoke_tolerance)
        try:
            self._rehearsal.split({self._id: 100})
            return self._golden.test(self._rehearsal.ask_patiently)
        finally:
            try:
                self._rehearsal.delete()
            except UserError as error:
                log.warning(f"Endpoint {self._rehearsal.name} still runs a machine. {error}")

    def clear(self, version: int) -> None:
        """Stop its machines; the registry keeps the version."""
        self._endpoint.stop(self._id)

    def no_canary(self, version: int) -> str:
        """Say that nobody answers yet."""
        if self._before is None:
            return f"nobody answers at endpoint {self._endpoint.name} yet."
        self._versions.name(self._version, CHALLENGER)
        return ""

    def move_traffic(self, version: int, share: float) -> None:
        """Split the endpoint's traffic; with all of it the version is champion."""
        self._tally = Tally()
        before = self._before
        if share < 1 and before:
            percent = percent_of(share)
            self._endpoint.split({self._id: percent, before.id: 100 - percent})
            return
        self._endpoint.split({self._id: 100})
        self._is_changed = True
        self._versions.unname(self._version, CHALLENGER)
        self._versions.name(self._version, CHAMPION, DEFAULT)
        if before and before.version != version:
            self._versions.name(self._versions.of_number(before.version), PREVIOUS)

    def observe(self, version: int) -> Observation:
        """Ask the endpoint the golden requests once more, and see who answers what.

        An error is signed by nobody: it counts against the new version. A full quota says
        nothing about either.
        """
        for number, image in enumerate(self._golden.images):
            began = time.perf_counter()
            try:
                answer = self._endpoint.ask(image)
            except UserError:
                self._tally.challenger.append(None)
                continue
            if answer is None:
                continue
            seconds, (who, row) = time.perf_counter() - began, answer
            if who == self._id:
                self._tally.new(version, number, seconds, self._golden.compare(number, row))
            else:
                self._tally.old(seconds, self._golden.compare(number, row))
        return self._tally.observation()

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Give the live version all requests, and stop the machines of the other."""
        if self._before:
            self._endpoint.split({self._before.id: 100})
        self._endpoint.stop(self._id)
        if failed:
            self._versions.unname(self._version, CHALLENGER)
            self._versions.mark(self._version, ROLLED_BACK)

    def finish(self) -> Outcome:
        """Stop machines that get no requests, and say who answers."""
        answering = self._answering()
        live = answering[0] if answering else None
        if live:
            model = self._versions.model
            here = self._endpoint.deployed()
            idle = [one for one in here if not one.share and one.model == model]
            for one in idle:
                self._endpoint.stop(one.id)
            self._stopped = tuple(one.version for one in idle)
        versions = self._versions.all()
        known = next((one for one in versions if live and one.number == live.version), None)
        previous = next((one for one in versions if PREVIOUS in one.aliases), None)
        is_mine = bool(live and live.id == self._id)
        info = self._bundle.info
        replaced = self._before.version if self._before and self._is_changed else None
        return Outcome(
            place=self._place,
            version=live.version if live else 0,
            live_since=live.since if live else None,
            model_name=info.model_name,
            model_sha256=info.model_sha256 if is_mine else None,
            bundle_digest=info.digest if is_mine else None,
            replaced=replaced,
            earlier_versions=tuple(
                one.number for one in versions if live and one.number < live.version
            ),
            serve_command=self._endpoint.ask_command,
            rollback_command=self._command(previous.artifact) if previous else "",
            details={
                "endpoint": self._endpoint.resource,
                "model": known.name if known else "",
                "machines": str(self._machines),
                "image": self.settings.serving_image,
                "console": self._endpoint.console,
            },
        )

    def undeploy(self) -> tuple[str, ...]:
        """Stop all machines and remove the endpoint; the registry keeps the versions."""
        name = self.settings.vertex_endpoint
        if not name:
            raise SettingsError(
                "deploy: `vertex_endpoint`: expected the endpoint to remove, received none. "
                "It is called after the model unless set."
            )
        self._open(name)
        done = []
        for one in (self._rehearsal, self._endpoint):
            there = one.read() is not None
            numbers = ", ".join(str(each.version) for each in one.deployed())
            one.delete()
            if there:
                ended = f"the machines of version {numbers} ended" if numbers else "it was empty"
                done.append(f"Endpoint {one.name} is removed; {ended}.")
        return tuple(done) or (f"Nothing: there is no endpoint {name}, {self._where}.",)

    def _answering(self) -> list[Deployed]:
        answering = [one for one in self._endpoint.deployed() if one.share]
        others = {one.model for one in answering} - {self._versions.model}
        if others:
            raise self._vertex.problem(
                f"expected versions of model {self._versions.model} at endpoint "
                f"{self._endpoint.name}; {shorten(sorted(others))} answers there. "
                "Name another endpoint: deploy.vertex_endpoint."
            )
        return answering

    @cached_property
    def _where(self) -> str:
        return f"project {self._vertex.at.project} in {self._vertex.at.location}"

    @property
    def _place(self) -> str:
        return f"endpoint {self._endpoint.name}, {self._where}"

    def _command(self, artifact: str) -> str:
        return f"sightline deploy {artifact} --target vertex"


def machines_of(settings: DeploySettings) -> Machines:
    """Read what a version shall run on."""
    return Machines(
        machine=settings.vertex_machine,
        accelerator=settings.vertex_accelerator.upper(),
        accelerator_count=settings.vertex_accelerator_count,
        min_replicas=settings.vertex_min_replicas,
        max_replicas=max(settings.vertex_min_replicas, settings.vertex_max_replicas),
        service_account=settings.vertex_service_account,
    )
