"""The versions of an InferenceService, in a ConfigMap beside it: a bundle has one number for good.

They cannot stand in its annotations: KServe hands those on to the pods, so that a note about a
version would start all of them anew.
"""

import json
from dataclasses import asdict, dataclass, replace

from sightline.clouds.kubernetes.cluster import MAPS, Cluster, Document
from sightline.ground.errors import DataError

KEY = "versions.json"
MANAGED = {"app.kubernetes.io/managed-by": "sightline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A bundle that has been here."""

    number: int
    digest: str
    place: str
    """Where the bundle is."""
    since: str = ""
    """When it last became live."""
    is_rolled_back: bool = False


class Versions:
    """What the ConfigMap holds."""

    def __init__(self, cluster: Cluster, service: str) -> None:
        """Know the InferenceService by name."""
        self._cluster = cluster
        self.name = f"{service}-versions"

    def all(self) -> list[Version]:
        """Return every version, newest first.

        Raises:
            DataError: somebody else wrote there.
        """
        return self._read(self._cluster.get(MAPS, self.name))

    def of(self, digest: str) -> Version | None:
        """Return the version of a bundle."""
        return next((one for one in self.all() if one.digest == digest), None)

    def register(self, digest: str, place: str) -> Version:
        """Return the version of a bundle, with a number that no other ever had if it is new."""

        def edit(found: Document | None) -> Document:
            known = self._read(found)
            if any(one.digest == digest for one in known):
                return self._written(found, known)
            number = max((one.number for one in known), default=0) + 1
            return self._written(
                found, [Version(number=number, digest=digest, place=place), *known]
            )

        written = self._cluster.change("note the version", MAPS, self.name, edit)
        return next(one for one in self._read(written) if one.digest == digest)

    def note(self, number: int, **changes: object) -> None:
        """Write down what became of a version."""

        def edit(found: Document | None) -> Document:
            known = [
                replace(one, **changes) if one.number == number else one  # type: ignore[arg-type]
                for one in self._read(found)
            ]
            return self._written(found, known)

        self._cluster.change(f"note what became of version {number}", MAPS, self.name, edit)

    def _read(self, found: Document | None) -> list[Version]:
        text = (found or {}).get("data", {}).get(KEY, "[]")
        try:
            return [Version(**one) for one in json.loads(text)]
        except (ValueError, TypeError) as error:
            raise DataError(
                f"ConfigMap {self.name}: expected the versions of an InferenceService, received "
                f"something else ({error}). Correct it, or delete it to begin with version 1."
            ) from error

    def _written(self, found: Document | None, versions: list[Version]) -> Document:
        text = json.dumps([asdict(one) for one in versions], indent=1)
        fresh: Document = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.name,
                "labels": {"app.kubernetes.io/managed-by": "sightline"},
            },
        }
        return {**(found or fresh), "data": {KEY: text}}
