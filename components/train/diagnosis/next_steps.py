"""What could be tried on the same images, and what went wrong in training, for the run's page."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from components.train.diagnosis.signs import Sign
from components.train.planning.recipe import recipe_of
from sightline.ground.backbones.table import DEFAULT, STRONGER
from sightline.ground.headlines.next_steps import NextStep
from sightline.stage.formats.model import ModelInfo

if TYPE_CHECKING:
    from components.train.planning.plan import Plan

FINE_TUNE = "fine_tune"


def next_steps(summary: ModelInfo, plan: "Plan", signs: Sequence[Sign]) -> tuple[NextStep, ...]:
    """Return what training knows to try next."""
    return (*_training(plan, signs), *_model(summary))


def _training(plan: "Plan", signs: Sequence[Sign]) -> Iterator[NextStep]:
    if plan.without_weights:
        yield NextStep(
            kind="training",
            evidence=f"A small network was trained from scratch. {plan.reasons[0]}",
            action="Fetch pretrained weights, and train again.",
            command=f"sightline weights fetch {DEFAULT}",
        )
    for sign in signs:
        if sign.severity == "warning":
            yield NextStep(kind="training", evidence=sign.title, action=sign.advice)


def _model(summary: ModelInfo) -> Iterator[NextStep]:
    if "weights" not in recipe_of(summary.recipe).needs:
        return
    trained = f"This model is recipe {summary.recipe} on {summary.backbone}."
    if STRONGER not in (summary.backbone, *(one["backbone"] for one in summary.race)):
        yield NextStep(
            kind="model",
            evidence=trained,
            action=f"Fetch the weights of {STRONGER}, and set train.backbone to auto, so that all "
            "that are at hand race.",
            command=f"sightline weights fetch {STRONGER}",
        )
    elif summary.recipe != FINE_TUNE:
        yield NextStep(
            kind="model",
            evidence=trained,
            action="Fine-tune the backbone's last layers; an epoch then goes through all of it.",
            command=f"sightline run --set train.recipe={FINE_TUNE}",
        )
