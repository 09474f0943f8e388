"""The task that makes the extractor: the frozen backbone, ready for whoever needs features."""

from components.train.extraction import make_extractor
from components.train.planning.choose import NO_WEIGHTS, too_small
from components.train.planning.recipe import recipe_of
from components.train.race.candidates import with_first
from components.train.settings import BackboneSettings
from components.train.weights import WeightsUnavailable
from sightline.ground.geometry import GeometrySettings
from sightline.ground.ports import Facts, OutputArtifact
from sightline.stage import log
from sightline.stage.command import run
from sightline.stage.features.extractor import ExtractorInfo, write_extractor
from sightline.stage.imaging.contract import Geometry


def backbone(*, extractor: OutputArtifact, settings: BackboneSettings) -> Facts:
    """Make the frozen backbone ready for LiteRT, or say why there is none.

    Raises:
        WeightsUnavailable: weights that someone chose cannot be had.
        SettingsError: the backbone refuses images of this size.
        DataError: the weights are of another network.
    """
    info, model = make(settings)
    info = write_extractor(extractor, info, model)
    if info.reason:
        log.event("no backbone", reason=info.reason)
    return {
        "extractor": {
            "backbone": info.backbone,
            "num_features": info.num_features,
            "sha256": info.sha256,
            "reason": info.reason,
        }
    }


def make(settings: BackboneSettings) -> tuple[ExtractorInfo, bytes | None]:
    """Return the extractor and its model, or an extractor with a reason.

    Of several backbones that are to race, it is the first one's.
    """
    settings = with_first(settings)
    if not (reason := why_not(settings)):
        try:
            return make_extractor(settings.backbone, settings.weights, geometry_of(settings))
        except WeightsUnavailable as error:
            if settings.insists_on_backbone:
                raise
            reason = str(error)
    none = ExtractorInfo(
        reason=reason,
        backbone=settings.backbone,
        weights=settings.weights,
        weights_digest="",
        geometry=geometry_of(settings),
    )
    return none, None


def why_not(settings: BackboneSettings) -> str:
    """Say why these settings want no backbone; nothing where they may want one."""
    if not settings.backbone_is_open and "features" not in recipe_of(settings.recipe).needs:
        return f"train.recipe {settings.recipe} uses no backbone."
    if settings.weights == "none":
        return NO_WEIGHTS
    return too_small(settings.image_size, settings.backbone)


def geometry_of(settings: BackboneSettings) -> Geometry:
    """Return which pixels the settings ask for."""
    shared = {name: getattr(settings, name) for name in GeometrySettings.model_fields}
    return Geometry.model_validate(shared)


if __name__ == "__main__":
    run(backbone)
