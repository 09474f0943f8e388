"""Results of earlier tasks, found by the content of everything that they depend on."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sightline.ground.errors import one_line
from sightline.ground.run_folders import ASSIGNMENT
from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.files import write_whole
from sightline.ground.storage.sealed import SealError, seal, unseal
from sightline.runs.damage import artifact_damage
from sightline.runs.records import ArtifactRecord, PortsRecord
from sightline.runs.verdict import Verdict
from sightline.targets.local.artifacts import is_intact, link
from sightline.targets.local.locations import MODEL, file_version
from sightline.targets.local.reuse.differences import differences
from sightline.targets.local.reuse.key import KeyMaterial

MOST_PLACES = 5


class Place(BaseModel):
    """Where a result lies: a task of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    task: str


class Entry(BaseModel):
    """The result of a task that succeeded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: Literal["sightline.cache"] = "sightline.cache"
    schema_version: Literal[2] = 2
    key: str
    keys_without: dict[str, str]
    """Location -> the key when that location is left out."""
    material: KeyMaterial
    made: datetime
    places: tuple[Place, ...]
    """Newest first; every run that used it holds a copy of its own, mostly by hard links."""
    outputs: PortsRecord


class EntryError(Exception):
    """A cache entry is there and cannot be read: which, and why, without a full stop."""


def read_entry(path: Path) -> Entry | None:
    """Read a result; none if there is no such file.

    Raises:
        EntryError: it is damaged, or of another version of Sightline.
    """
    try:
        document = unseal(path.read_bytes())
        entry = Entry.model_validate(document)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise EntryError(f"{path}: another version of Sightline wrote it") from error
    except (OSError, SealError) as error:
        raise EntryError(f"{path}: {_reason(error)}") from error
    if path.stem != entry.key:
        raise EntryError(f"{path}: it is the result for another key")
    return entry


def _reason(error: OSError | SealError) -> str:
    return (error.strerror or one_line(error)) if isinstance(error, OSError) else str(error)


class Cache:
    """The results that the runs under a root have produced."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(
        self, material: KeyMaterial, inputs: PortsRecord, producers: Mapping[str, str], task: str
    ) -> tuple[Verdict, Entry | None, Place | None]:
        """Look for a result that still holds, and say why there is one or none."""
        lost: Entry | None = None
        unreadable: list[str] = []
        for entry, detail in self._candidates(material, inputs, unreadable):
            for place in entry.places:
                if not self._is_there(entry, place):
                    continue
                if damage := self._damage(entry, place):
                    unreadable.append(damage)
                else:
                    verdict = Verdict(hit=True, kind="reused", from_run=place.run, detail=detail)
                    return verdict, entry, place
            lost = lost or entry
        if unreadable:
            return _damaged(unreadable[0]), None, None
        if lost is not None:
            return gone(lost), None, None
        return self._miss(material, producers, task), None, None

    def restore(self, entry: Entry, place: Place, target: Path) -> PortsRecord:
        """Put a result's artifacts into the folder of a task of another run."""
        artifacts = {}
        for name, artifact in entry.outputs.artifacts.items():
            source = self._path(artifact, place)
            if source is None:
                artifacts[name] = artifact
                continue
            link(source, target / name)
            artifacts[name] = artifact.model_copy(update={"uri": str(target / name)})
        return PortsRecord(parameters=entry.outputs.parameters, artifacts=artifacts)

    def remember(
        self, material: KeyMaterial, outputs: PortsRecord, place: Place, now: datetime
    ) -> None:
        """Keep the result of a task that ran."""
        self._write(
            Entry(
                key=material.key(),
                keys_without={
                    name: material.key(without_location=name) for name in material.locations
                },
                material=material,
                made=now,
                places=(place,),
                outputs=outputs,
            )
        )

    def note_use(self, entry: Entry, place: Place) -> None:
        """Note one more place of a result, so that it outlives the run that made it."""
        places = (place, *(other for other in entry.places if other != place))[:MOST_PLACES]
        self._write(entry.model_copy(update={"places": places}))

    def _write(self, entry: Entry) -> None:
        path = self._root / "cache" / entry.material.component / f"{entry.key}.json"
        write_whole(path, json.dumps(seal(entry.model_dump(mode="json"))))

    def _candidates(
        self, material: KeyMaterial, inputs: PortsRecord, unreadable: list[str]
    ) -> Iterator[tuple[Entry, str]]:
        """Yield the results that may stand for this one; note why the exact one cannot be read."""
        try:
            exact = read_entry(self._folder(material) / f"{material.key()}.json")
        except EntryError as error:
            unreadable.append(str(error))
        else:
            if exact is not None:
                yield exact, ""
        models = {
            f"{MODEL}{artifact.metadata.get('model_sha256')}"
            for artifact in inputs.artifacts.values()
        }
        for name, version in material.locations.items():
            # Held against itself, a model cannot lose: any earlier verdict on it stands. Without
            # this, the run after the first deployment would evaluate the same model again.
            if version in models:
                key = material.key(without_location=name)
                for entry in self._entries(material):
                    if entry.keys_without.get(name) == key:
                        yield entry, f"{name} is this very model"

        for name, version in material.locations.items():
            key = material.key(without_location=name)
            for entry in self._entries(material):
                # Splits that a task made are those that it would keep. Without this, the second
                # run of a project would make its records again, since the first had none to keep.
                if entry.keys_without.get(name) == key and self._made(entry, version):
                    yield entry, f"{name} names what was made then"

    def _made(self, entry: Entry, version: str) -> bool:
        """Tell whether the splits that a result holds are what a location holds."""
        paths = (
            self._path(artifact, place)
            for artifact in entry.outputs.artifacts.values()
            for place in entry.places
        )
        files = (path / ASSIGNMENT for path in paths if path is not None)
        return any(file.is_file() and version == file_version(file) for file in files)

    def _miss(self, material: KeyMaterial, producers: Mapping[str, str], task: str) -> Verdict:
        nearest: tuple[int, Verdict] | None = None
        for entry in self._entries(material):
            if all(place.task != task for place in entry.places):
                continue
            found = differences(entry.material, material, producers)
            if nearest is None or len(found) < nearest[0]:
                verdict = Verdict(
                    hit=False, kind="changed", from_run=entry.places[0].run, differences=found
                )
                nearest = (len(found), verdict)
        return nearest[1] if nearest else Verdict(hit=False, kind="first")

    def _folder(self, material: KeyMaterial) -> Path:
        return self._root / "cache" / material.component

    def _entries(self, material: KeyMaterial) -> list[Entry]:
        """Return the results of a component, newest first."""
        known = []
        for path in self._folder(material).glob("[!.]*.json"):
            # What it was the result of, a damaged one does not say.
            with suppress(EntryError):
                if (entry := read_entry(path)) is not None:
                    known.append(entry)
        return sorted(known, key=lambda entry: entry.made, reverse=True)

    def _damage(self, entry: Entry, place: Place) -> str:
        """Say what of a result is not what its task wrote, though names, sizes and times are."""
        for artifact in entry.outputs.artifacts.values():
            path = self._path(artifact, place)
            if path is not None and (damage := artifact_damage(artifact, path)):
                return damage
        return ""

    def _is_there(self, entry: Entry, place: Place) -> bool:
        for artifact in entry.outputs.artifacts.values():
            path = self._path(artifact, place)
            if path is not None and not is_intact(artifact, path):
                return False
        return True

    def _path(self, artifact: ArtifactRecord, place: Place) -> Path | None:
        if not is_local(artifact.uri):
            return None
        return self._root / "runs" / place.run / "artifacts" / place.task / artifact.name


def gone(entry: Entry) -> Verdict:
    """Say that a result is known and its artifacts are not there any more."""
    run = entry.places[0].run
    return Verdict(
        hit=False,
        kind="gone",
        from_run=run,
        detail=f"run {run} had done this, but its artifacts were removed or changed since",
    )


def _damaged(why: str) -> Verdict:
    return Verdict(hit=False, kind="damaged", detail=f"its earlier result is damaged ({why})")
