"""The signs of a training, from what it left."""

from typing import TYPE_CHECKING

from components.train.diagnosis.signs import Counts, Sign, signs
from components.train.heads.page import is_linear
from components.train.settings import TrainSettings
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.log import event

if TYPE_CHECKING:
    from components.train.fitting.trained import Trained
    from components.train.planning.plan import Plan


def signs_of(
    info: RecordsInfo, settings: TrainSettings, plan: "Plan", trained: "Trained"
) -> tuple[Sign, ...]:
    """Return what the curves say of the phase that the weights are from."""
    chance = problem_of(info.problem, info.about).training.chance(info)
    share = next(iter(chance), "")
    counts = Counts(
        num_validation=info.num_images("validation"),
        share=share,
        chance=chance.get(share),
        ended_at_last=trained.kept.ended_by == "epochs",
        changed_images=settings.changes(plan.augment) is not None
        or settings.mixup > 0
        or settings.dropout > 0
        or len(set(plan.class_weights)) > 1,
    )
    history = trained.kept.history
    # A linear head has a row per strength, of which one is the model.
    found = signs([trained.kept.best_row] if is_linear(history) else history, counts)
    event("signs", found=[sign.name for sign in found])
    return found
