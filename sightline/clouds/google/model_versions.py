"""Vertex AI's Model Registry: a bundle is one version of a model, whatever happens on the way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.clouds.google.vertex import Vertex

BUNDLE, STANDING, ROLLED_BACK = "sightline-bundle", "sightline-standing", "rolled-back"
"""Labels of versions: the digest of the bundle; what became of it."""
CHAMPION, CHALLENGER, PREVIOUS, DEFAULT = "champion", "challenger", "previous", "default"
PORT = 8080
_ID = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of the model, as the registry knows it."""

    number: int
    name: str
    """Its resource, with the number."""
    bundle: str
    """Label of its bundle."""
    aliases: frozenset[str]
    labels: Mapping[str, str]
    created: str
    artifact: str
    """Where its bundle is."""

    @property
    def is_rolled_back(self) -> bool:
        """Tell whether it was taken back."""
        return self.labels.get(STANDING) == ROLLED_BACK


class Versions:
    """The versions of one model."""

    def __init__(self, vertex: Vertex, model: str) -> None:
        """Know the model by its name in bundles."""
        self._vertex = vertex
        self.model = resource_id(model)
        self.resource = f"{vertex.at.parent}/models/{self.model}"

    def all(self) -> list[Version]:
        """Return every version, newest first."""
        listed = self._vertex.get(
            "list the model's versions",
            lambda **kw: list(self._vertex.models.list_model_versions(**kw)),
            name=self.resource,
        )
        return sorted(map(_version, listed or []), key=lambda one: -one.number)

    def of(self, digest: str) -> Version | None:
        """Return the version of a bundle; the first, should somebody have made two."""
        found = [one for one in self.all() if one.bundle == label_of(digest)]
        return found[-1] if found else None

    def upload(self, name: str, digest: str, artifact: str, image: str, key: str) -> Version:
        """Return the version of a bundle, registered if it was not.

        Raises:
            UserError: the registry does not take it.
        """
        model = {
            "display_name": name,
            "artifact_uri": artifact,
            "labels": {BUNDLE: label_of(digest)},
            "container_spec": {
                "image_uri": image,
                "args": ["--no-page"],
                "ports": [{"container_port": PORT}],
            },
            **({"encryption_spec": {"kms_key_name": key}} if key else {}),
        }

        def begin() -> Any:
            place = {"parent_model": self.resource} if self.all() else {"model_id": self.model}
            return self._vertex.call(
                self._vertex.models.upload_model,
                parent=self._vertex.at.parent,
                model=model,
                **place,
            )

        return self._vertex.once(
            f"register the bundle as a version of model {self.model}",
            self.resource,
            lambda: self.of(digest),
            begin,
        )

    def name(self, version: Version, *aliases: str) -> None:
        """Give a version aliases, and take them from all others."""
        for one in self.all():
            mine = one.number == version.number
            added = [alias for alias in aliases if mine and alias not in one.aliases]
            # There is always one default version: it moves, and cannot be taken away.
            gone = [alias for alias in aliases if not mine and alias in one.aliases - {DEFAULT}]
            self._merge(one, [*added, *(f"-{alias}" for alias in gone)])

    def unname(self, version: Version, *aliases: str) -> None:
        """Take aliases from a version."""
        known = self.of_number(version.number)
        self._merge(known, [f"-{alias}" for alias in aliases if alias in known.aliases])

    def of_number(self, number: int) -> Version:
        """Return a version that is known to be there."""
        return next(one for one in self.all() if one.number == number)

    def mark(self, version: Version, standing: str) -> None:
        """Write down what became of a version; nothing takes the mark away."""
        labels = {key: value for key, value in version.labels.items() if key != STANDING}
        labels |= {STANDING: standing} if standing else {}
        if labels == version.labels:
            return
        self._vertex.ask(
            f"label version {version.number}",
            lambda: self._vertex.call(
                self._vertex.models.update_model,
                model={"name": version.name, "labels": labels},
                update_mask={"paths": ["labels"]},
            ),
        )

    def _merge(self, version: Version, aliases: list[str]) -> None:
        if aliases:
            self._vertex.ask(
                f"name version {version.number}",
                lambda: self._vertex.call(
                    self._vertex.models.merge_version_aliases,
                    name=version.name,
                    version_aliases=aliases,
                ),
            )


def resource_id(name: str) -> str:
    """Return a name as ids of models and endpoints are written: a letter first, then dashes."""
    tidy = _ID.sub("-", name.lower()).strip("-")[:63].rstrip("-")
    return tidy if tidy[:1].isalpha() else f"model-{tidy}"[:63].rstrip("-")


def label_of(digest: str) -> str:
    """Return a digest as a label's value, which has 63 characters at most."""
    return digest[:63]


def _version(model: Any) -> Version:
    return Version(
        number=int(model.version_id),
        name=f"{model.name.partition('@')[0]}@{model.version_id}",
        bundle=model.labels.get(BUNDLE, ""),
        aliases=frozenset(model.version_aliases),
        labels=dict(model.labels),
        created=model.version_create_time.isoformat() if model.version_create_time else "",
        artifact=model.artifact_uri,
    )
