"""An InferenceService of KServe: our server's image in its pods, in Standard or Knative mode."""

from components.deploy.asking import GoldenAnswers, Tally
from components.deploy.settings import DeploySettings
from components.deploy.stored_bundle import StoredBundle
from components.deploy.target import Bundle, Deployed, Observation, Plan, SmokeTest, percent_of
from components.deploy.target import Target as Questions
from components.deploy.targets.kserve import manifest, status
from components.deploy.targets.kserve.manifest import Predictor
from components.deploy.targets.kserve.service import InferenceService
from components.deploy.targets.kserve.versions import Version, Versions
from sightline.clouds.kubernetes.cluster import Cluster, Document
from sightline.ground.errors import SettingsError, UserError
from sightline.ground.patience import Patience
from sightline.stage.clock import timestamp


class Target(Questions):
    """One InferenceService."""

    def __init__(self, settings: DeploySettings, patience: Patience | None = None) -> None:
        """Know the cluster; nothing is asked yet."""
        super().__init__(settings)
        self._patience = patience or Patience()
        self._cluster = Cluster(settings.kserve_namespace, settings.kserve_context, self._patience)
        self._is_knative = settings.kserve_mode == "Knative"
        self._is_changed = False
        self._tally = Tally()
        self._open(settings.kserve_service)

    def _open(self, name: str) -> None:
        self._name = name
        self._versions = Versions(self._cluster, name)
        self._service = InferenceService(self._cluster, name, self.settings)

    def plan(self, bundle: Bundle) -> Plan:
        """Look who answers, and whether the bundle has been here."""
        self._bundle = bundle
        if not self._name:
            self._open(manifest.object_name(bundle.info.model_name))
        self._service.model = bundle.info.model_name
        folder = self.settings.folder
        self._stored = StoredBundle(bundle, folder, ("gs", "s3"), None, self._patience)
        found, versions = self._service.read(), self._versions.all()
        mine = next((one for one in versions if one.digest == bundle.info.digest), None)
        number = mine.number if mine else max((one.number for one in versions), default=0) + 1
        self._wanted = self._predictor(number)
        self._before = self._live(found)
        live = self._before.version if self._before else None
        place = f"InferenceService {self._cluster.namespace}/{self._name}"
        shared = bool(found and manifest.canary_of(found)[0])
        if self._before and self._before.variant == self._wanted.variant and not shared:
            return Plan(verdict="live already", place=place, version=number, live=live)
        if mine and mine.is_rolled_back and not self.settings.redeploy_rolled_back:
            return self.held_back(place, number, live)
        return Plan(
            verdict="deploy",
            place=place,
            version=number,
            live=live,
            actions=tuple(self._actions(found, number, mine)),
            endings=(f"End the pods of version {live}.",) if live else (),
        )

    def _actions(self, found: Document | None, number: int, mine: Version | None) -> list[str]:
        actions, name = self._stored.actions(), f"{self._cluster.namespace}/{self._name}"
        if mine is None:
            actions.append(f"Note them as version {number} in ConfigMap {self._versions.name}.")
        mode, image = self.settings.kserve_mode, self.settings.serving_image
        if found is None:
            actions.append(f"Make InferenceService {name} ({mode}) with {image}.")
            return actions
        other, percent = manifest.canary_of(found)
        if other and other.variant != self._wanted.variant:
            actions.append(
                f"Take back version {other.version}, which has {percent} % of the requests."
            )
        actions.append(
            f"Start pods of {image} in InferenceService {name} ({mode}), without requests."
        )
        return actions

    def _predictor(self, number: int) -> Predictor:
        digest, place = self._bundle.info.digest, self._stored.address
        return self._predictor_of(Version(number=number, digest=digest, place=place))

    def _live(self, found: Document | None) -> Predictor | None:
        """Return who answers what the canary does not."""
        if found is None:
            return None
        own = manifest.predictor_in(found["spec"]["predictor"])
        canary, _ = manifest.canary_of(found)
        if own is None:
            raise UserError(
                f"InferenceService {self._name}: expected one that Sightline deployed to, received "
                "another. Name another one: deploy.kserve_service."
            )
        if not self._is_knative or canary is None:
            return own
        # In Knative mode the predictor is the canary; what was live is the version before.
        live = [one for one in self._versions.all() if one.since and one.number != own.version]
        return self._predictor_of(max(live, key=lambda one: one.since)) if live else own

    def _predictor_of(self, version: Version) -> Predictor:
        image = self.settings.serving_image
        model = self._bundle.info.model_name
        return manifest.predictor(version.number, model, version.place, image, self.settings)

    def apply(self, bundle: Bundle, plan: Plan) -> int:
        """Bring the bundle to the store, and start its pods beside those that answer."""
        self._stored.bring()
        version = self._versions.register(bundle.info.digest, self._stored.address)
        if version.is_rolled_back:
            self._versions.note(version.number, is_rolled_back=False)
        self._wanted = wanted = self._predictor(version.number)

        def edit(found: Document | None) -> Document:
            if found is None:
                return manifest.service(self._name, wanted, self.settings)
            if self._before is None:
                return found
            if manifest.canary_of(found)[0] != wanted:
                manifest.without_canary(found)
                manifest.put_canary(found, wanted, 0, self.settings)
            return found

        self._service.change(f"start the pods of version {version.number}", edit)
        if self._before is None:
            self._service.wait(status.is_ready, version.number)
        elif self._is_knative:
            self._service.wait(status.revision_is_ready, version.number)
        else:
            self._expect_canary()
            self._service.wait(status.canary_is_ready(wanted.name), version.number)
        return version.number

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

    def clear(self, version: int) -> None:
        """End its pods; where nobody else answered, the InferenceService goes, too."""
        if self._before is None:
            self._service.change("remove the InferenceService", lambda _: None)
        else:
            self._give_back()

    def no_canary(self, version: int) -> str:
        """Say that nobody answers yet."""
        return "" if self._before else f"nobody answers at InferenceService {self._name} yet."

    def move_traffic(self, version: int, share: float) -> None:
        """Split the requests; with all of them the version is the predictor."""
        self._tally = Tally()
        if share < 1 and self._before:
            percent = percent_of(share)
            self._service.edit(
                f"give version {version} {percent} % of the requests",
                lambda found: manifest.put_canary(found, self._wanted, percent, self.settings),
            )
            return

        def promote(found: Document) -> None:
            manifest.without_canary(found)
            manifest.put(found, self._wanted, self.settings)

        self._service.edit(f"give version {version} all requests", promote)
        self._service.wait(status.is_ready, version)
        self._versions.note(version, since=timestamp())
        self._is_changed = True

    def observe(self, version: int) -> Observation:
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

    def take_back(self, version: int, reason: str, *, failed: bool) -> None:
        """Give the live version all requests, and end the pods of the other."""
        if failed:
            self._versions.note(version, is_rolled_back=True)
        self._give_back()

    def _give_back(self) -> None:
        before = self._before
        found = self._service.read()
        canary = manifest.canary_of(found)[0] if found else None
        if before is None or canary is None or canary.variant != self._wanted.variant:
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

    def finish(self) -> Deployed:
        """Say who answers, and how to ask it."""
        found, versions = self._service.read(), self._versions.all()
        live = self._live(found)
        number = live.version if live else 0
        known = next((one for one in versions if one.number == number), None)
        earlier = sorted(
            (one for one in versions if one.since and one.number != number),
            key=lambda one: one.since,
            reverse=True,
        )
        info = self._bundle.info
        is_mine = bool(known and known.digest == info.digest)
        replaced = self._before.version if self._before and self._is_changed else None
        url = status.url_of(found) if found else ""
        previous = next((one for one in earlier if not one.is_rolled_back), None)
        back = f"sightline deploy {previous.place} --target kserve" if previous else ""
        return Deployed(
            place=f"InferenceService {self._cluster.namespace}/{self._name}",
            version=number,
            live_since=known.since if known else None,
            model_name=info.model_name,
            model_sha256=info.model_sha256 if is_mine else None,
            bundle_digest=known.digest if known else None,
            replaced=replaced,
            earlier_versions=tuple(one.number for one in earlier),
            serve_command=f"sightline predict PHOTO --url {url}" if url else "",
            rollback_command=back,
            details={
                "url": url,
                "mode": self.settings.kserve_mode,
                "image": self.settings.serving_image,
                "bundle": known.place if known else "",
            },
        )

    def undeploy(self) -> tuple[str, ...]:
        """Remove the InferenceService; what is known of its versions stays."""
        if not self._name:
            raise SettingsError(
                "deploy: `kserve_service`: expected the InferenceService to remove, received none. "
                "It is called after the model unless set."
            )
        named = f"InferenceService {self._cluster.namespace}/{self._name}"
        found = self._service.read()
        if found is None:
            return (f"Nothing: there is no {named}.",)
        own = manifest.predictor_in(found["spec"]["predictor"])
        if own is None:
            raise UserError(
                f"{named}: expected one that Sightline deployed to, received another. Remove it by "
                f"hand: kubectl delete inferenceservice {self._name}."
            )
        self._service.change("remove the InferenceService", lambda _: None)
        ended = f"{named} is removed with the pods of version {own.version}."
        return (ended, f"ConfigMap {self._versions.name} keeps the numbers of its versions.")
