"""Would a deployment to a cloud work, and is what answers there what the model folder says?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from components.deploy.model_folder.cloud_target import Answering, CloudTarget
from components.deploy.target import expect_needed
from sightline.ground.errors import SettingsError, UserError
from sightline.stage.registry.places import place_of
from sightline.stage.registry.registry import Registry

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; nothing was changed."""

    name: str
    state: State = "ok"
    found: str
    remedy: str = ""


def examine(target: CloudTarget, model: str) -> Iterator[Finding]:
    """Look at settings, store, cloud and rights, and compare what is live.

    Args:
        target: the place, whose settings may be incomplete.
        model: what the project calls its model; that of the folder's live version goes before.
    """
    yield (settings := _image(target))
    yield _told("Model folder", lambda: _folder(target))
    if settings.state == "problem":
        return
    try:
        target.open(_model(target) or model)
        yield from (Finding(name=name, found=text) for name, text in target.reached())
        answering = target.answering()
    except UserError as error:
        yield Finding(name="Cloud", state="problem", found=str(error))
        return
    yield _told("Live there", lambda: _live(target, answering))


def _told(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except UserError as error:
        return Finding(name=name, state="problem", found=str(error))


def _image(target: CloudTarget) -> Finding:
    try:
        expect_needed(target.settings)
    except SettingsError as error:
        return Finding(name="Settings of deploy", state="problem", found=str(error))
    image = target.settings.serving_image
    if "@sha256:" in image:
        return Finding(name="Server image", found=image)
    return Finding(
        name="Server image",
        state="warning",
        found=f"{image} may become another one",
        remedy="Name it by digest, as sightline images build serving --push prints it.",
    )


def _folder(target: CloudTarget) -> Finding:
    place = target.versions.place
    scheme, _, path = place.shown.partition("://")
    bucket = f"{scheme}://{path.partition('/')[0]}"
    if not place.exists() and not place_of(bucket).exists():
        return Finding(
            name="Model folder",
            state="warning",
            found=f"{place.shown}: {bucket} holds nothing, or is not there",
            remedy="Make the bucket, or correct deploy.folder.",
        )
    numbers = ", ".join(map(str, Registry(place).folders)) or "none yet"
    return Finding(name="Model folder", found=f"{place.shown} can be read; versions: {numbers}")


def _model(target: CloudTarget) -> str:
    try:
        return target.versions.model_name()
    except UserError:  # said by the check of the folder
        return ""


def _live(target: CloudTarget, answering: Answering | None) -> Finding:
    name, numbers = "Live there", target.versions.place.versions()
    said = numbers[0] if numbers else None
    if answering is None and said is None:
        found = f"nothing, at {target.place}; the first deployment makes it"
        return Finding(name=name, found=found)
    number = target.versions.number_of(answering.digest) if answering else None
    if answering and number and number == said:
        return Finding(name=name, found=f"version {number}, at {target.place}")
    there = f"version {number}" if number else "a bundle that is none of its versions"
    return Finding(
        name=name,
        state="warning",
        found=f"{target.place} answers with {there if answering else 'nothing'}; the model folder "
        f"says {f'version {said}' if said else 'that nothing is live'}",
        remedy="Deploy again, which brings both together, or say that nothing is live: sightline "
        f"undeploy --target {target.settings.target}.",
    )
