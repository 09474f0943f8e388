"""Vertex AI's Model Registry: a bundle is one version of a model, whatever happens on the way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.clouds.google.vertex import Vertex

BUNDLE, NUMBER, STANDING = "sightline-bundle", "sightline-version", "sightline-standing"
"""Labels: the digest of the bundle; its number in the model folder, and what it is there."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the model folder says of a bundle."""

    number: int
    standing: str
    alias: str
    """champion, challenger, previous, or nothing."""


class ModelRegistry:
    """The versions of one model in Vertex AI, told what the model folder says."""

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

    def mirror(self, known: Mapping[str, Standing]) -> None:
        """Make labels and aliases what the model folder says.

        Args:
            known: the bundles of the folder by digest.
        """
        told = {label_of(digest): one for digest, one in known.items()}
        versions = self.all()
        for one in versions:
            if found := told.get(one.bundle):
                self._label(one, found)
        for one in versions:
            self._alias(one, told.get(one.bundle))

    def _alias(self, version: Version, found: Standing | None) -> None:
        """Take away what is another's first, give what is its own: an alias is of one version."""
        alias = found.alias if found else ""
        wanted = {alias} - {""} | ({DEFAULT} if alias == CHAMPION else set())
        ours = version.aliases & {CHAMPION, CHALLENGER, PREVIOUS}
        gone = sorted(f"-{one}" for one in ours - wanted)
        self._merge(version, [*gone, *sorted(wanted - version.aliases)])

    def digest_of(self, number: int) -> str:
        """Return how the digest of a version's bundle begins; nothing where it is none of ours."""
        return next((one.bundle for one in self.all() if one.number == number), "")

    def _label(self, version: Version, found: Standing) -> None:
        told = {NUMBER: str(found.number), STANDING: found.standing.replace(" ", "-")}
        if told.items() <= version.labels.items():
            return
        self._vertex.ask(
            f"label version {version.number}",
            lambda: self._vertex.call(
                self._vertex.models.update_model,
                model={"name": version.name, "labels": {**version.labels, **told}},
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
