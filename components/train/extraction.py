"""Extractors: a frozen backbone as a LiteRT model, converted once on each machine."""

import hashlib
import json
import os
from dataclasses import replace
from importlib.metadata import version

from components.train.weights import weights_digest
from sightline.ground.errors import DataError, one_line
from sightline.ground.storage.machine_cache import MachineCache, cache_folder
from sightline.stage import log
from sightline.stage.features.extractor import (
    ExtractorInfo,
    read_with_model,
    write_extractor,
)
from sightline.stage.imaging.contract import Geometry
from sightline.stage.tensorflow_import import import_tensorflow

CONVERSION = 3
"""Goes up where the same weights become another model."""
MOST_BYTES = 2 * 2**30


def make_extractor(
    backbone: str, weights: str, geometry: Geometry, *, pooled: bool = True
) -> tuple[ExtractorInfo, bytes | None]:
    """Return an extractor for pixels of this geometry; no model where LiteRT cannot have it.

    Whoever has it in the machine's cache needs no TensorFlow.

    Raises:
        WeightsUnavailable: the weights cannot be had.
        SettingsError: the backbone refuses images of this size.
        DataError: the weights are of another network.
    """
    digest = weights_digest(backbone, weights)
    wanted = ExtractorInfo(
        backbone=backbone, weights=weights, weights_digest=digest, geometry=geometry
    )
    cache, key = extractor_cache(), key_of(wanted, pooled=pooled)
    if (found := _cached(cache, key)) is not None:
        info = replace(found[0], backbone=backbone, weights=weights, geometry=geometry)
        log.event("found the converted backbone", backbone=backbone, sha256=info.sha256[:12])
        return info, found[1]
    made, model = _convert(wanted, pooled=pooled)
    if model is not None:
        cache.keep(key, lambda folder: write_extractor(folder, made, model))
        made = replace(made, sha256=hashlib.sha256(model).hexdigest())
        log.event("converted the backbone", backbone=backbone, sha256=made.sha256[:12])
    return made, model


def extractor_cache() -> MachineCache:
    """Return the part of this machine's cache that holds extractors."""
    folder = cache_folder(os.environ)
    return MachineCache(folder and folder / "backbones", MOST_BYTES)


def key_of(wanted: ExtractorInfo, *, pooled: bool) -> str:
    """Return what names an extractor in the cache: all that its bytes follow from."""
    parts = [
        wanted.weights_digest,
        wanted.geometry.image_size,
        wanted.geometry.channels,
        pooled,
        CONVERSION,
        [version(name) for name in ("keras", "ai-edge-litert")],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _cached(cache: MachineCache, key: str) -> tuple[ExtractorInfo, bytes] | None:
    entry = cache.find(key)
    if entry is None:
        return None
    try:
        return read_with_model(entry)
    except DataError as error:
        log.event("threw away a damaged entry of the cache", reason=str(error))
        cache.forget(key)
        return None


def _convert(wanted: ExtractorInfo, *, pooled: bool) -> tuple[ExtractorInfo, bytes | None]:
    import_tensorflow()
    from components.train.backbones import build_backbone, scaling_of
    from components.train.conversion import converted
    from components.train.networks import feature_extractor

    with log.audible("converting the backbone"):
        network = build_backbone(
            wanted.backbone,
            wanted.weights,
            image_size=wanted.geometry.image_size,
            pooling="avg" if pooled else None,
        )
        extractor = feature_extractor(wanted.geometry, network, scaling_of(wanted.backbone))
        num_features = int(extractor.output_shape[-1])
        try:
            return replace(wanted, num_features=num_features), converted(extractor)
        except Exception as error:  # converters raise what they like on what they do not know
            reason = f"LiteRT does not convert {wanted.backbone}: {one_line(error)}."
            return replace(wanted, reason=reason), None
