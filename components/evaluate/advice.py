"""What the next training could do otherwise, seen from the live model."""

from pathlib import Path

from sightline.ground.errors import UserError
from sightline.stage.command import local_path
from sightline.stage.formats import model as models
from sightline.stage.formats.evaluation import Comparison
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.training_images import FILE, growth, read_training_images


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
    if found.contract.geometry != trained.contract.geometry or not new.new or not new.is_small:
        return ""
    return (
        f"Of {new.now:,} training images, {new.new:,} came since the live model (version "
        f"{champion.version}), {new.share:.1%} of those it learned from: train.recipe warm_start "
        "would train it on instead of training anew."
    )
