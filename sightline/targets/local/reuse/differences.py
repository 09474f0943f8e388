"""What differs between two sets of key material, each thing in one sentence."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby

from sightline.ground.errors import shorten
from sightline.runs.verdict import Difference, Part
from sightline.targets.local.code_version import CodeVersion
from sightline.targets.local.reuse.key import InputVersion, KeyMaterial

CONTENT = ("file ", "folder ", "model ", "nothing at ")


def differences(
    before: KeyMaterial, after: KeyMaterial, producers: Mapping[str, str]
) -> tuple[Difference, ...]:
    """List what a task depends on and is no longer as it was.

    Args:
        before: what the earlier result depended on.
        after: what the task depends on now.
        producers: input artifact -> the task that made it.
    """
    return (
        *_settings(before, after),
        *_locations(before, after),
        *_inputs(before, after, producers),
        *_code(before.code, after.code),
        *_whole("command", before.command, after.command),
        *_whole("environment", before.environment, after.environment),
        *_whole("outputs", before.outputs, after.outputs),
    )


def _settings(before: KeyMaterial, after: KeyMaterial) -> Iterator[Difference]:
    old = {name: _shown(value) for name, value in before.settings.items()}
    new = {name: _shown(value) for name, value in after.settings.items()}
    for name, was, now in _changed(old, new):
        sentence = f"settings: {name} {was or 'unset'} -> {now or 'unset'}"
        yield _difference("settings", name, was, now, sentence)


def _locations(before: KeyMaterial, after: KeyMaterial) -> Iterator[Difference]:
    for name, was, now in _changed(before.locations, after.locations):
        if (was or "").startswith(CONTENT) and (now or "").startswith(CONTENT):
            sentence = f"settings: what {name} names has other content"
        else:
            sentence = f"settings: {name} {_place(was)} -> {_place(now)}"
        yield _difference("location", name, was, now, sentence)


def _place(version: str | None) -> str:
    if version is None:
        return "unset"
    return "a path" if version.startswith(CONTENT) else _shown(version)


def _inputs(
    before: KeyMaterial, after: KeyMaterial, producers: Mapping[str, str]
) -> Iterator[Difference]:
    for name in sorted(before.inputs.keys() | after.inputs.keys()):
        old, new = before.inputs.get(name), after.inputs.get(name)
        if old == new:
            continue
        if old is None or new is None:
            what = "is new" if old is None else "is no longer read"
        elif old.digest != new.digest:
            producer = producers.get(name)
            what = "content changed" + (f" because {producer} ran again" if producer else "")
        else:
            what = f"metadata changed ({_metadata(old, new)})"
        was, now = (version.digest if version else None for version in (old, new))
        yield _difference("input", name, was, now, f"input {name}: {what}")


def _metadata(old: InputVersion, new: InputVersion) -> str:
    changed = _changed(
        {name: _shown(value) for name, value in old.metadata.items()},
        {name: _shown(value) for name, value in new.metadata.items()},
    )
    return ", ".join(f"{name} {was or 'unset'} -> {now or 'unset'}" for name, was, now in changed)


def _code(before: CodeVersion, after: CodeVersion) -> Iterator[Difference]:
    if before.image != after.image:
        old, new = (_short(image) for image in (before.image, after.image))
        yield _difference("image", "image", before.image, after.image, f"image: {old} -> {new}")
    files = [name for name, _, _ in _changed(before.files, after.files)]
    for package, names in groupby(files, key=lambda name: "/".join(name.split("/")[:2])):
        changed = shorten(name.removeprefix(f"{package.split('/')[0]}/") for name in names)
        sentence = f"code of {package} changed: {changed}"
        yield _difference("code", package, None, None, sentence)
    for name, was, now in _changed(before.packages, after.packages):
        sentence = f"package {name}: {was or 'absent'} -> {now or 'absent'}"
        yield _difference("package", name, was, now, sentence)


def _whole(part: Part, before: object, after: object) -> Iterator[Difference]:
    if before != after:
        old, new = _shown(before), _shown(after)
        yield _difference(part, part, old, new, f"{part}: {old} -> {new}")


def _changed(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[tuple[str, str | None, str | None]]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _short(image: str | None) -> str:
    return image.removeprefix("sha256:")[:12] if image else "this machine's Python"


def _difference(
    part: Part, name: str, before: str | None, after: str | None, sentence: str
) -> Difference:
    return Difference(part=part, name=name, before=before, after=after, sentence=sentence)
