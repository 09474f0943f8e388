"""An InferenceService of KServe: our server's image in its pods, in Standard or Knative mode."""

from collections.abc import Iterator, Mapping

from components.deploy.asking import GoldenAnswers, Tally
from components.deploy.model_folder.cloud_target import Answering, CloudTarget
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, Observation, SmokeTest, percent_of
from components.deploy.targets.kserve import manifest, status
from components.deploy.targets.kserve.manifest import Predictor
from components.deploy.targets.kserve.service import InferenceService
from sightline.clouds.kubernetes.cluster import REMEDIES, Cluster, Document, Right
from sightline.ground.errors import SettingsError, UserError, shorten
from sightline.ground.patience import Patience

GROUP = "serving.kserve.io/v1beta1"
RIGHTS = (
    Right(
        group="serving.kserve.io",
        resource="inferenceservices",
        verbs=("get", "create", "update", "delete"),
    ),
    Right(group="", resource="services", subresource="proxy", verbs=("create",)),
)
"""The role in docs/clusters.md."""


class Target(CloudTarget):
    """One InferenceService."""

    schemes = ("gs", "s3")

    def __init__(self, settings: DeploySettings, patience: Patience | None = None) -> None:
        """Know the cluster; nothing is asked yet."""
        super().__init__(settings)
        patience = patience or Patience()
        self._cluster = Cluster(settings.kserve_namespace, settings.kserve_context, patience)
        self._is_knative = settings.kserve_mode == "Knative"
        self._before: Predictor | None = None
        self._tally = Tally()
        self._name = ""

    @property
    def place(self) -> str:
        """The InferenceService, in words."""
        return f"InferenceService {self._cluster.namespace}/{self._name}"

    def open(self, model: str) -> None:
        """Know the InferenceService by its name."""
        self._name = self.settings.kserve_service or manifest.object_name(model)
        self._service = InferenceService(self._cluster, self._name, self.settings)
        self._service.model = model

    def reached(self) -> Iterator[tuple[str, str]]:
        """Ask for KServe's kinds, and whether the account has the role that deploying takes."""
        kinds = self._cluster.kinds(GROUP)
        if "inferenceservices" not in kinds:
            raise UserError(
                f"Kubernetes: expected InferenceServices among the kinds of {GROUP}, received "
                f"{shorten(sorted(kinds)) or 'none'}. Install KServe, or choose another context: "
                "deploy.kserve_context."
            )
        yield "KServe", f"{GROUP} is there"
        missing = [f"{verb} {one.name}" for one in RIGHTS for verb in self._cluster.denied(one)]
        if missing:
            raise UserError(
                f"Kubernetes: expected an account that may deploy in namespace "
                f"{self._cluster.namespace}; it may not: {shorten(missing)}. {REMEDIES[403]}"
            )
        yield "Rights", f"the account may deploy in namespace {self._cluster.namespace}"

    def answering(self) -> Answering | None:
        """Look who answers what a canary does not."""
        found = self._live(self._service.read())
        return Answering(digest=found.digest, is_wanted=False) if found else None

    def look(self, bundle: Bundle, version: int) -> Answering | None:
        """Look who answers what a canary does not."""
        self._wanted = self._predictor(version, bundle.info.digest)
        found = self._service.read()
        self._before = self._live(found)
        if self._before is None:
            return None
        shared = bool(found and manifest.canary_of(found)[0])
        return Answering(
            digest=self._before.digest,
            is_wanted=self._before.variant == self._wanted.variant and not shared,
        )

    def _predictor(self, number: int, digest: str) -> Predictor:
        address, image = self.copies.address(digest), self.settings.serving_image
        return manifest.predictor(number, self._service.model, address, image, self.settings)

    def _live(self, found: Document | None) -> Predictor | None:
        if found is None:
            return None
        own = manifest.predictor_in(found["spec"]["predictor"])
        canary, _ = manifest.canary_of(found)
        if own is None:
            raise UserError(
                f"{self.place}: expected one that Sightline deployed to, received another. Name "
                "another one: deploy.kserve_service."
            )
        if not self._is_knative or canary is None or not self.versions.before:
            return own
        # In Knative mode the predictor is the canary; what was live the folder knows.
        return self._predictor(self.versions.before, self.versions.before_digest)

    def starting(self, bundle: Bundle, version: int) -> list[str]:
        """Say what is made and started."""
        mode, image = self.settings.kserve_mode, self.settings.serving_image
        found = self._service.read()
        if found is None:
            return [f"Make {self.place} ({mode}) with {image}."]
        actions = []
        other, percent = manifest.canary_of(found)
        if other and other.variant != self._wanted.variant:
            actions.append(
                f"Take back version {other.version}, which has {percent} % of the requests."
            )
        return [*actions, f"Start pods of {image} in {self.place} ({mode}), without requests."]

    def start(self, bundle: Bundle, version: int) -> None:
        """Start its pods beside those that answer."""
        wanted = self._wanted

        def edit(found: Document | None) -> Document:
            if found is None:
                return manifest.service(self._name, wanted, self.settings)
            if self._before is None:
                return found
            if manifest.canary_of(found)[0] != wanted:
                manifest.without_canary(found)
                manifest.put_canary(found, wanted, 0, self.settings)
            return found

        self._service.change(f"start the pods of version {version}", edit)
        if self._before is None:
            self._service.wait(status.is_ready, version)
        elif self._is_knative:
            self._service.wait(status.revision_is_ready, version)
        else:
            self._expect_canary()
            self._service.wait(status.canary_is_ready(wanted.name), version)

    def _expect_canary(self) -> None:
        """Refuse a KServe that drops what it does not know, and with it the new version."""
        found = self._service.read()
        if found is not None and not found["spec"].get("canary"):
            raise UserError(
                f"InferenceService {self._name}: expected KServe to take `spec.canary`, which it "
                "does from version 0.20 on; it dropped it. Upgrade KServe, or use its other mode: "
                "deploy.kserve_mode: Knative."
            )

    def smoke_test(self, bundle: Bundle, version: int) -> SmokeTest:
        """Ask the golden requests of its own pods, through the API server."""
        self._golden = GoldenAnswers(bundle, self.settings.smoke_tolerance)
        where = self._service.address_of_new(self._wanted)
        return self._golden.test(lambda image: self._service.ask(where, image, patiently=True))

    def split(self, version: int, share: float) -> None:
        """Split the requests; with all of them the version is the predictor."""
        self._tally = Tally()
        if share < 1 and self._before:
            percent = percent_of(share)

            def give(found: Document) -> None:
                self._expect_mine(found)
                manifest.put_canary(found, self._wanted, percent, self.settings)

            self._service.edit(f"give version {version} {percent} % of the requests", give)
            return

        def promote(found: Document) -> None:
            self._expect_mine(found)
            manifest.without_canary(found)
            manifest.put(found, self._wanted, self.settings)

        self._service.edit(f"give version {version} all requests", promote)
        self._service.wait(status.is_ready, version)

    def _expect_mine(self, found: Document) -> None:
        """Refuse to undo what somebody else wrote since this deployment began."""
        own, (canary, _) = (
            manifest.predictor_in(found["spec"]["predictor"]),
            manifest.canary_of(found),
        )
        known = [one.variant for one in (own, canary) if one]
        if self._wanted.variant not in known:
            raise UserError(
                f"{self.place}: expected the pods of version {self._wanted.version} there; "
                f"somebody else changed it (now {', '.join(known) or 'another server'}). Nothing "
                "was changed. Repeat the command."
            )

    def ask(self, version: int) -> Observation:
        """Ask both versions the golden requests, each at its own pods."""
        found = self._service.read()
        canary = manifest.canary_of(found)[0] if found else None
        if found is None or canary is None or canary.variant != self._wanted.variant:
            self._tally.problem = f"Version {version} is no canary any more: somebody changed that."
            return self._tally.observation()
        new, old = self._service.address_of_new(self._wanted), self._service.address_of_old(found)
        for number, image in enumerate(self._golden.images):
            seconds, row = self._service.timed(new, image)
            if seconds is None or row is None:
                self._tally.challenger.append(None)
            else:
                self._tally.new(version, number, seconds, self._golden.compare(number, row))
            seconds, row = self._service.timed(old, image)
            if seconds is None or row is None:
                self._tally.live.append(None)
            else:
                self._tally.old(seconds, self._golden.compare(number, row))
        return self._tally.observation()

    def give_back(self) -> None:
        """Give the live version all requests, and end the pods of the other.

        Where nobody else answered, the InferenceService goes.
        """
        before, found = self._before, self._service.read()
        if before is None:
            self._service.change("remove the InferenceService", lambda _: None)
            return
        canary = manifest.canary_of(found)[0] if found else None
        if canary is None or canary.variant != self._wanted.variant:
            return
        if not self._is_knative:
            self._service.edit("take the canary back", manifest.without_canary)
            return
        # Without a share, all requests go to the newest revision that is ready, which is the bad
        # one until that of the live version has come back.
        self._service.edit(
            "take all requests from the canary",
            lambda found: manifest.put_canary(found, self._wanted, 0, self.settings),
        )
        self._service.edit(
            f"start the pods of version {before.version} again",
            lambda found: manifest.put_canary(found, before, 0, self.settings),
        )
        self._service.wait(status.revision_is_ready, before.version)
        self._service.edit(f"give version {before.version} all requests", manifest.without_canary)

    def meet(self, digest: str) -> None:
        """Take the canary, whatever its image."""
        found = self._service.read()
        canary = manifest.canary_of(found)[0] if found else None
        if canary and canary.digest and digest.startswith(canary.digest):
            self._wanted = canary

    def tidy(self) -> tuple[str, Mapping[str, str]]:
        """Say how to ask it; KServe ends pods by itself."""
        found = self._service.read()
        url = status.url_of(found) if found else ""
        return f"sightline predict PHOTO --url {url}" if url else "", {
            "url": url,
            "mode": self.settings.kserve_mode,
            "image": self.settings.serving_image,
        }

    def remove(self, model: str) -> tuple[str, ...]:
        """Remove the InferenceService with its pods."""
        if not model and not self.settings.kserve_service:
            raise SettingsError(
                "deploy: `kserve_service`: expected the InferenceService to remove, received none. "
                "It is called after the model unless set."
            )
        self.open(model)
        found = self._service.read()
        if found is None:
            return (f"Nothing: there is no {self.place}.",)
        own = manifest.predictor_in(found["spec"]["predictor"])
        if own is None:
            raise UserError(
                f"{self.place}: expected one that Sightline deployed to, received another. Remove "
                f"it by hand: kubectl delete inferenceservice {self._name}."
            )
        self._service.change("remove the InferenceService", lambda _: None)
        return (f"{self.place} is removed with the pods of version {own.version}.",)
