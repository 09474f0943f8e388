"""Files of pretrained weights: where they are, and what tells them from others."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sightline.ground.backbones.kept_weights import (
    NOT_STATED,
    KeptWeights,
    WeightsStore,
    weights_of_packages,
)
from sightline.ground.backbones.table import BACKBONES, is_model_file
from sightline.ground.errors import UserError, one_line
from sightline.ground.storage.addresses import is_local, revealed, scheme_of
from sightline.ground.storage.digests import content_digest, text_digest
from sightline.ground.storage.stores import open_store, path_in_store
from sightline.stage.timing import writing

FETCHED = ("auto", "imagenet")
"""Values of `train.weights` that name no file."""
WEIGHTS_REMEDY = (
    "Give train.weights a path or URI of a weights file, or set train.recipe to scratch, "
    "which needs none."
)


BACKBONE_REMEDY = (
    "Give train.backbone a path or URI of a .keras file, or the name of a keras.applications model."
)


class WeightsUnavailable(UserError):
    """Pretrained weights cannot be had here."""


@contextmanager
def local_file(source: str) -> Iterator[Path]:
    """Give a file of weights, or a whole model, for a path or URI.

    What is fetched is removed afterwards.

    Raises:
        WeightsUnavailable: there is no such file, or it cannot be fetched.
    """
    setting, remedy = "train.weights", WEIGHTS_REMEDY
    if is_model_file(source):
        setting, remedy = "train.backbone", BACKBONE_REMEDY
    if is_local(source):
        if not Path(source).is_file():
            raise WeightsUnavailable(
                f"{setting}: expected a file, found none at {source}. {remedy}"
            )
        yield Path(source)
        return

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / source.partition("?")[0].rpartition("/")[2]
        try:
            store = open_store(scheme_of(source))
            with store.open(path_in_store(revealed(source)), "rb") as remote, writing():
                path.write_bytes(remote.read())
        except (OSError, ValueError, ImportError) as error:
            raise WeightsUnavailable(
                f"{setting}: expected to fetch {source}; {one_line(error)}. {remedy}"
            ) from error
        yield path


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a backbone's weights come from, as `model.json` says it."""

    weights: str
    licence: str = NOT_STATED
    source: str = NOT_STATED
    sha256: str = ""
    """Of their file; empty where Keras fetches them."""


def kept_weights(backbone: str, weights: str) -> KeptWeights | None:
    """Return what this machine keeps of a backbone, where the settings leave open which weights.

    Raises:
        DataError: the file was changed.
        WeightsUnavailable: there are none here, and Keras does not fetch them either.
    """
    known = BACKBONES.get(backbone)
    if known is None or weights not in FETCHED:
        return None
    if weights == "imagenet" and known.keras_file:
        return None
    kept = WeightsStore(os.environ).take(backbone) or weights_of_packages().get(backbone)
    if kept is None and known.added:
        raise WeightsUnavailable(
            f"train.weights: expected a file of weights, since the package of {backbone} brings "
            f"none and this machine keeps none. {WEIGHTS_REMEDY} Or keep one: sightline weights "
            f"add FILE --as {backbone}"
        )
    if kept is None and not known.keras_file:
        raise WeightsUnavailable(
            f"train.weights: expected weights of {backbone} on this machine, found none. Fetch "
            f"them once: sightline weights fetch {backbone}. Or give train.weights a path or URI "
            "of a file of them, as a cluster needs it."
        )
    return kept


@contextmanager
def weights_file(backbone: str, weights: str) -> Iterator[Path | None]:
    """Give the file of weights that the settings mean; None where Keras fetches them.

    Raises:
        DataError: the file was changed.
        WeightsUnavailable: there is none, or it cannot be fetched.
    """
    if weights in FETCHED:
        kept = kept_weights(backbone, weights)
        yield kept.path if kept else None
        return
    with local_file(weights) as path:
        yield path


def origin_of(backbone: str, weights: str) -> Origin:
    """Say where the weights of a backbone come from, and under which licence."""
    if is_model_file(backbone):
        with local_file(backbone) as path:
            return Origin("in the file", sha256=content_digest(path))
    if kept := kept_weights(backbone, weights):
        of_package = kept.place == "its package"
        place = f"with the package of {backbone}" if of_package else "kept on this machine"
        return Origin(place, kept.licence, kept.source, kept.sha256)
    if weights in FETCHED:
        known = BACKBONES[backbone]
        return Origin("imagenet", known.licence, known.source)
    with local_file(weights) as path:
        digest = content_digest(path)
    package = BACKBONES[backbone].package
    if package and digest == package.sha256:
        return Origin(weights, BACKBONES[backbone].licence, BACKBONES[backbone].source, digest)
    return Origin(weights, sha256=digest)


def weights_digest(backbone: str, weights: str) -> str:
    """Return what tells a backbone with its weights from all others, without building it.

    Keras holds what it fetches against a hash of its own, so name and version tell enough.

    Raises:
        WeightsUnavailable: there is no such file, or it cannot be fetched.
    """
    if is_model_file(backbone):
        with local_file(backbone) as path:
            return content_digest(path)
    if kept := kept_weights(backbone, weights):
        return text_digest(f"{kept.sha256} as weights of {backbone}")
    if weights in FETCHED:
        named = f"imagenet weights of {backbone}, Keras {version('keras')}"
        return text_digest(named)
    with local_file(weights) as path:
        return text_digest(f"{content_digest(path)} as weights of {backbone}")
