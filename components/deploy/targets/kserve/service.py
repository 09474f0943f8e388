"""One InferenceService: change it, wait for it, and ask the pods of either version."""

import base64
import time
from collections.abc import Callable

from components.deploy.asking import Row
from components.deploy.settings import DeploySettings
from components.deploy.targets.kserve import status
from components.deploy.targets.kserve.manifest import Predictor
from sightline.clouds.kubernetes.cluster import SERVICES, Cluster, Document
from sightline.ground.errors import DataError, UserError


class InferenceService:
    """What is in the cluster under a name."""

    def __init__(self, cluster: Cluster, name: str, settings: DeploySettings) -> None:
        """Know the name."""
        self._cluster, self._name, self._settings = cluster, name, settings
        self.model = ""
        """What its servers call the model."""

    def read(self) -> Document | None:
        """Return it; None where there is none."""
        return self._cluster.get(SERVICES, self._name)

    def change(self, what: str, edit: Callable[[Document | None], Document | None]) -> None:
        """Make it what `edit` makes of it."""
        self._cluster.change(what, SERVICES, self._name, edit)

    def edit(self, what: str, edit: Callable[[Document], None]) -> None:
        """Change one that has to be there."""

        def edited(found: Document | None) -> Document:
            if found is None:
                raise self._gone()
            edit(found)
            return found

        self.change(what, edited)

    def wait(self, is_done: Callable[[Document], bool], version: int) -> None:
        """Wait until KServe says that a version is ready.

        Raises:
            DataError: it gives up, or takes too long; says its reason.
        """
        from tenacity import (
            RetryError,
            Retrying,
            retry_if_result,
            stop_after_delay,
            wait_exponential,
        )

        def look() -> Document | None:
            found = self.read()
            if found is None:
                raise self._gone()
            return found if is_done(found) or status.gave_up(found) else None

        seconds = self._settings.ready_timeout_seconds
        waiting = Retrying(
            stop=stop_after_delay(seconds),
            wait=wait_exponential(multiplier=self._cluster.patience.pause_seconds / 2, max=10),
            retry=retry_if_result(lambda found: found is None),
        )
        try:
            found = waiting(look)
        except RetryError as error:
            raise self._not_ready(version, f"ready within {seconds:,.0f} seconds") from error
        if found is None or not is_done(found):
            raise self._not_ready(version, "ready")

    def _gone(self) -> DataError:
        return DataError(f"InferenceService {self._name}: somebody removed it. Deploy again.")

    def _not_ready(self, version: int, expected: str) -> DataError:
        found = self.read()
        reason = status.problem_of(found) if found else "it is gone"
        return DataError(
            f"InferenceService {self._name}: expected version {version} {expected}; KServe says: "
            f"{reason.rstrip('.') or 'nothing'}. See `kubectl describe inferenceservice "
            f"{self._name}` and the logs of its pods; what was live still answers. Repeat the "
            "command to wait on, or deploy another bundle."
        )

    def address_of_new(self, wanted: Predictor) -> str:
        """Name the service that has the pods of the newest version alone."""
        found = self.read()
        if self._settings.kserve_mode == "Knative":
            return f"{status.newest_revision(found or {})}-private:80"
        return f"{self._name}-{wanted.name}-predictor:80"

    def address_of_old(self, found: Document) -> str:
        """Name the service that has the pods of the live version alone."""
        if self._settings.kserve_mode == "Knative":
            return f"{status.stable_revision(found)}-private:80"
        own = found["spec"]["predictor"].get("name", "")
        return f"{self._name}-{own}-predictor:80" if own else f"{self._name}-predictor:80"

    def ask(self, where: str, image: bytes, *, patiently: bool = False) -> Row:
        """Have the pods of a service answer one image; once, unless patiently.

        Raises:
            UserError: there is no answer.
        """
        instance = {"b64": base64.b64encode(image).decode("ascii")}
        post = self._cluster.post_patiently if patiently else self._cluster.post
        answer = post(where, f"/v1/models/{self.model}:predict", {"instances": [instance]})
        rows = answer.get("predictions")
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            raise UserError(
                f"service {where}: expected the answer to one image, received {str(rows)[:200]}. "
                "Use the serving image of this version of Sightline."
            )
        return rows[0]

    def timed(self, where: str, image: bytes) -> tuple[float | None, Row | None]:
        """Have the pods of a service answer one image once; return the seconds, too."""
        began = time.perf_counter()
        try:
            row = self.ask(where, image)
        except UserError:
            return None, None
        return time.perf_counter() - began, row
