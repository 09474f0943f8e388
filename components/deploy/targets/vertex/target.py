"""An endpoint of Vertex AI: our server's image behind it, versions in a bucket."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property

from components.deploy.asking import GoldenAnswers, Tally
from components.deploy.model_folder.cloud_target import Answering, CloudTarget
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Observation, SmokeTest, percent_of
from sightline.clouds.google.endpoint import Deployed, Endpoint, Machines, deployed_id
from sightline.clouds.google.model_versions import ModelRegistry, Standing, label_of
from sightline.clouds.google.project import GoogleProject
from sightline.clouds.google.vertex import Vertex
from sightline.ground.errors import SettingsError, UserError, shorten
from sightline.ground.patience import Patience
from sightline.ground.wording import counted
from sightline.stage import log

REHEARSAL = "-rehearsal"
"""An endpoint where a new version is asked its golden requests: Vertex AI sends requests by shares
alone, so a version without one cannot be asked where the others are."""


class Target(CloudTarget):
    """One endpoint in one project and location."""

    schemes = ("gs",)

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
        self._vertex = Vertex(at, patience or Patience(), settings.ready_timeout_seconds)
        self._machines = machines_of(settings)
        self._registry: ModelRegistry | None = None
        self._before: Deployed | None = None
        self._id, self._is_shared = "", False
        self._tally = Tally()

    @cached_property
    def _where(self) -> str:
        return f"project {self._vertex.at.project} in {self._vertex.at.location}"

    @property
    def place(self) -> str:
        """The endpoint, in words."""
        return f"endpoint {self._endpoint.name}, {self._where}"

    def open(self, model: str) -> None:
        """Know endpoint and model by their names."""
        name = self.settings.vertex_endpoint or model
        self._registry = ModelRegistry(self._vertex, model)
        self._endpoint = Endpoint(self._vertex, name)
        self._rehearsal = Endpoint(self._vertex, f"{name}{REHEARSAL}")

    @property
    def _models(self) -> ModelRegistry:
        assert self._registry  # noqa: S101 - everything begins with `open`
        return self._registry

    def reached(self) -> Iterator[tuple[str, str]]:
        """Ask for endpoint and model: credentials, project, region and permissions in one."""
        there = self._endpoint.read() is not None
        yield "Vertex AI", f"{self.place}: {'there' if there else 'not yet; it is made'}"
        found = len(self._models.all())
        yield "Model Registry", f"model {self._models.model}: {counted(found, 'version')}"

    def answering(self) -> Answering | None:
        """Look who answers at the endpoint."""
        return self._looked(self._answering())

    def look(self, bundle: Bundle, version: int) -> Answering | None:
        """Look who answers at the endpoint: the version that the folder calls live, or most do."""
        self._id = deployed_id(bundle.info.digest, self.settings.serving_image, self._machines)
        return self._looked(self._answering())

    def _looked(self, answering: list[Deployed]) -> Answering | None:
        self._is_shared = len(answering) > 1
        if not answering:
            self._before = None
            return None
        digests = {one.id: self._models.digest_of(one.version) for one in answering}
        known = label_of(self.versions.before_digest)
        self._before = min(answering, key=lambda one: (digests[one.id] != known, -one.share))
        return Answering(
            digest=digests[self._before.id],
            is_wanted=not self._is_shared and self._before.id == self._id,
        )

    def _answering(self) -> list[Deployed]:
        answering = [one for one in self._endpoint.deployed() if one.share]
        others = {one.model for one in answering} - {self._models.model}
        if others:
            raise self._vertex.problem(
                f"expected versions of model {self._models.model} at endpoint "
                f"{self._endpoint.name}; {shorten(sorted(others))} answers there. "
                "Name another endpoint: deploy.vertex_endpoint."
            )
        return answering

    def starting(self, bundle: Bundle, version: int) -> list[str]:
        """Say what is registered, made and started."""
        actions, image = [], self.settings.serving_image
        if self._models.of(bundle.info.digest) is None:
            actions.append(f"Register it in model {self._models.model}, {self._where}.")
        if self._endpoint.read() is None:
            actions.append(f"Make endpoint {self._endpoint.name}, {self._where}.")
        return [
            *actions,
            f"Start {self._machines} for it with {image}.",
            "Start one machine more, until the golden requests are answered.",
        ]

    def start(self, bundle: Bundle, version: int) -> None:
        """Register the bundle, and start its machines without traffic."""
        info, key, image = (
            bundle.info,
            self.settings.vertex_encryption_key,
            self.settings.serving_image,
        )
        address = self.copies.address(info.digest)
        if self._before and self._is_shared:
            # A canary that nobody looks after any more, since this deployment takes its place.
            self._endpoint.split({self._before.id: 100})
        registered = self._models.upload(info.model_name, info.digest, address, image, key)
        for one in (self._endpoint, self._rehearsal):
            one.ensure(key)
        try:
            self._start_machines(registered.name, f"version-{version}")
        except BaseException:
            # Of the two one may run all the same, and cost until the next deployment.
            self._end_rehearsal()
            with suppress(UserError):
                self.give_back()
            raise

    def _start_machines(self, registered: str, title: str) -> None:
        # New machines take minutes: those of both endpoints start side by side.
        with ThreadPoolExecutor(2) as side_by_side:
            started = [
                side_by_side.submit(one.deploy, self._id, registered, title, machines)
                for one, machines in (
                    (self._endpoint, self._machines),
                    (self._rehearsal, self._machines.one()),
                )
            ]
        for begun in started:
            begun.result()

    def _end_rehearsal(self) -> None:
        try:
            self._rehearsal.delete()
        except UserError as error:
            log.warning(f"Endpoint {self._rehearsal.name} still runs a machine. {error}")

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the golden requests where nobody else asks; nothing stays of that place."""
        self._golden = GoldenAnswers(bundle, self.settings.smoke_tolerance)
        try:
            self._rehearsal.split({self._id: 100})
            return self._golden.test(self._rehearsal.ask_patiently)
        finally:
            self._end_rehearsal()

    def split(self, version: int, share: float) -> None:
        """Split the endpoint's traffic."""
        self._tally = Tally()
        before = self._before
        if share < 1 and before:
            percent = percent_of(share)
            self._endpoint.split({self._id: percent, before.id: 100 - percent})
        else:
            self._endpoint.split({self._id: 100})

    def give_back(self) -> None:
        """Give what answered before all requests, and stop the machines of the other."""
        if self._before and self._before.id == self._id:
            return
        if self._before:
            self._endpoint.split({self._before.id: 100})
        self._endpoint.stop(self._id)

    def ask(self, version: int) -> Observation:
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

    def meet(self, digest: str) -> None:
        """Take the machines that run a bundle, whatever they are."""
        before = self._before.id if self._before else ""
        for one in self._endpoint.deployed():
            if one.id != before and self._models.digest_of(one.version) == label_of(digest):
                self._id = one.id

    def mirror(self) -> None:
        """Tell the Model Registry numbers, standings and aliases."""
        if self._registry:
            self._registry.mirror(
                {
                    one.info.digest: Standing(
                        number=one.number, standing=one.standing, alias=one.alias
                    )
                    # Of two versions of one bundle, that which answers.
                    for one in sorted(
                        self.versions.entries(), key=lambda one: (bool(one.alias), one.number)
                    )
                    if one.info
                }
            )

    def tidy(self) -> tuple[str, Mapping[str, str]]:
        """Stop machines that get no requests, and say how to ask the endpoint."""
        here = self._endpoint.deployed()
        for one in here if any(one.share for one in here) else ():
            if not one.share and one.model == self._models.model:
                self._endpoint.stop(one.id)
        return self._endpoint.ask_command, {
            "endpoint": self._endpoint.resource,
            "model": self._models.resource,
            "machines": str(self._machines),
            "image": self.settings.serving_image,
            "console": self._endpoint.console,
        }

    def remove(self, model: str) -> tuple[str, ...]:
        """Stop all machines and remove the endpoint; the Model Registry keeps the versions."""
        if not (model := model or self.settings.vertex_endpoint):
            raise SettingsError(
                "deploy: `vertex_endpoint`: expected the endpoint to remove, received none. "
                "It is called after the model unless set."
            )
        self.open(model)
        done = []
        for one in (self._rehearsal, self._endpoint):
            there = one.read() is not None
            titles = ", ".join(each.title for each in one.deployed())
            one.delete()
            if there:
                ended = f"the machines of {titles} ended" if titles else "it was empty"
                done.append(f"Endpoint {one.name} is removed; {ended}.")
        return tuple(done) or (f"Nothing: there is no {self.place}.",)


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
