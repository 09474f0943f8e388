"""Whether features that came with the data are those that somebody needs."""

from sightline.stage.features.artifact import FeaturesInfo
from sightline.stage.imaging.contract import Geometry


def mismatch(info: FeaturesInfo, *, backbone: str, weights_digest: str, geometry: Geometry) -> str:
    """Say why features are not those of a backbone and of these pixels; nothing where they are."""
    if info.reason:
        return info.reason
    found = info.extractor
    if found.weights_digest != weights_digest:
        return (
            f"they are of {found.backbone} with weights {found.weights_digest[:12]}, not of "
            f"{backbone} with {weights_digest[:12]}."
        )
    return differing_pixels(info, geometry)


def differing_pixels(info: FeaturesInfo, geometry: Geometry) -> str:
    """Say in what features are of other pixels than these; nothing where they are not."""
    wanted, received = dict(geometry), dict(info.extractor.geometry)
    other = [name for name, value in wanted.items() if received[name] != value]
    return f"they are of pixels that differ in {', '.join(other)}." if other else ""
