"""Files of pretrained weights: where they are, and what tells them from others."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from components.train.backbone_names import is_model_file
from sightline.ground.errors import UserError, one_line
from sightline.ground.storage.addresses import is_local, revealed, scheme_of
from sightline.ground.storage.digests import content_digest, text_digest
from sightline.ground.storage.stores import open_store, path_in_store
from sightline.stage.timing import writing

FETCHED = ("auto", "imagenet")
"""Values of `train.weights` for which Keras fetches the weights."""
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


def weights_digest(backbone: str, weights: str) -> str:
    """Return what tells a backbone with its weights from all others, without building it.

    Keras holds what it fetches against a hash of its own, so name and version tell enough.

    Raises:
        WeightsUnavailable: there is no such file, or it cannot be fetched.
    """
    if weights in FETCHED and not is_model_file(backbone):
        named = f"imagenet weights of {backbone}, Keras {version('keras')}"
        return text_digest(named)
    if is_model_file(backbone):
        with local_file(backbone) as path:
            return content_digest(path)
    with local_file(weights) as path:
        return text_digest(f"{content_digest(path)} as weights of {backbone}")
