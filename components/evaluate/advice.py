"""What stands beside the figures: those of folds, and what the next training could do otherwise."""

from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.wording import counted
from sightline.stage.command import local_path
from sightline.stage.formats import model as models
from sightline.stage.formats.evaluation import Comparison
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.training_images import FILE, growth, read_training_images

FEW_IMAGES = 100
"""On fewer an interval of accuracy is wider than 12 points, unless nearly all are right."""


def figures_of_folds(trained: ModelInfo, num_images: int) -> str:
    """Say what folds or seeds told of the training, or that folds would tell more; else nothing.

    num_images: in the test split.
    """
    if not trained.cross_validated and num_images < FEW_IMAGES and not trained.started_from:
        return (
            f"{counted(num_images, 'test image')} tell little. With train.folds: 5, training and "
            "validation images are judged, too, each by a model that did not learn from it."
        )
    if not trained.cross_validated:
        return ""
    said = "; ".join(f"{one.label}: {one.text}" for one in trained.cross_validated)
    images = counted(trained.cross_validation["num_images"], "image")
    return (
        f"{said}, on {images} that training may see (train's page). The decision hangs on the test "
        "split alone: no other image is new to both this model and the live one."
    )


def start_from_live(model: Path, trained: ModelInfo, champion: Comparison, folder: str) -> str:
    """Say that training could start from the live model, where few images are new; else nothing."""
    if champion.version is None or trained.started_from:
        return ""
    live = local_path(folder) / str(champion.version)
    if not all((live / name).is_file() for name in (models.FILE, models.INFO_FILE, FILE)):
        return ""  # exported before bundles had them
    try:
        found, before = models.read_info(live), read_training_images(live)
        new = growth(read_training_images(model), before)
    except UserError:
        return ""  # it is advice: whoever follows it is told what is wrong
    if found.learned_whole or trained.learned_whole:
        return ""  # there is no validation image that it does not know
    if found.contract.geometry != trained.contract.geometry or not new.new or not new.is_small:
        return ""
    return (
        f"Of {new.now:,} training images, {new.new:,} came since the live model (version "
        f"{champion.version}), {new.share:.1%} of those it learned from: train.recipe warm_start "
        "would train it on instead of training anew."
    )
