"""Where the pixels of an image lie once it is resized to the contract's square."""

from dataclasses import dataclass

from sightline.stage.imaging.contract import PreprocessingContract, fitted_size


@dataclass(frozen=True, slots=True)
class Placement:
    """Shares of the square that shares of the upright image become: `offset + scale * share`."""

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float


def placement(height: int, width: int, contract: PreprocessingContract) -> Placement:
    """Tell where `sightline.stage.imaging.arrays.resize` puts an upright image of this size."""
    side = contract.image_size
    if contract.resize_mode == "squash":
        return Placement(1.0, 1.0, 0.0, 0.0)
    larger = side if contract.resize_mode == "pad" else round(side * contract.crop_scale)
    start = (larger - side) // 2
    fitted = fitted_size(height, width, larger)
    top, left = ((larger - length) // 2 - start for length in fitted)
    return Placement(fitted[1] / side, fitted[0] / side, left / side, top / side)
