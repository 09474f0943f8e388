"""What a training will do, decided before it starts: recipe, augmentation, class weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras

from components.train.augment import Strength
from components.train.backbones import WeightsUnavailable, build_backbone
from components.train.fitting.devices import find_gpus
from components.train.recipes import SMALLEST_FOR_BACKBONE_PX, Choice, Recipe, choose_recipe
from components.train.settings import TrainSettings
from sightline.ground.errors import SettingsError
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.log import warning

IMBALANCE_TO_WEIGH = 1.5
POOLING = {"vector": "avg", "map": None}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training will do, and why."""

    recipe: Recipe
    reasons: tuple[str, ...]
    augment: Strength
    named_weights: dict[str, float]
    """Per class, how much an example counts."""
    devices: tuple[str, ...]
    """GPUs that it computes on; none where it is the processor."""

    @property
    def class_weights(self) -> tuple[float, ...]:
        """How much an example counts, in the order of the classes."""
        return tuple(self.named_weights.values())


def make_plan(info: RecordsInfo, settings: TrainSettings) -> tuple[Plan, keras.Model | None]:
    """Decide what to do; return the backbone with it, None for `scratch`.

    Raises:
        SettingsError: the recipe needs weights and train.weights is `none`.
        WeightsUnavailable: the recipe needs weights that cannot be had.
    """
    gpus = find_gpus()
    choice, backbone = _choose(info, settings, has_gpu=bool(gpus))
    weights = class_weights(info.counts["train"], settings.class_weights)
    reasons = [choice.reason]
    if settings.class_weights == "auto" and len(set(weights)) > 1:
        reasons.append("Classes differ in size by more than 1.5 times, so rare ones weigh more.")
    augment = _augment(choice.recipe, settings)
    if augment == "none" and settings.augment in ("light", "strong"):
        reasons.append(
            f"train.augment {settings.augment} has no effect: the features of a frozen backbone "
            "are computed once. Set train.recipe to fine_tune or scratch to augment."
        )
        warning("augment_has_no_effect", recipe=choice.recipe, augment=settings.augment)
    named = dict(zip(info.counts["train"], weights, strict=True))
    return Plan(choice.recipe, tuple(reasons), augment, named, gpus), backbone


def _choose(
    info: RecordsInfo, settings: TrainSettings, *, has_gpu: bool
) -> tuple[Choice, keras.Model | None]:
    side = info.contract.image_size
    pooling = POOLING[problem_of(info.problem).training.takes]
    if settings.recipe == "scratch":
        return Choice("scratch", "The setting train.recipe asks for it."), None
    if settings.recipe != "auto":
        if settings.weights == "none":
            raise SettingsError(
                f"train.recipe {settings.recipe}: expected pretrained weights, received "
                "train.weights none. Set train.weights to imagenet, a path or a URI, or "
                "train.recipe to scratch."
            )
        backbone = build_backbone(
            settings.backbone, settings.weights, image_size=side, pooling=pooling
        )
        return Choice(settings.recipe, "The setting train.recipe asks for it."), backbone

    missing, backbone = "", None
    if settings.weights == "none":
        missing = "train.weights is none."
    elif side >= SMALLEST_FOR_BACKBONE_PX:
        try:
            backbone = build_backbone(
                settings.backbone, settings.weights, image_size=side, pooling=pooling
            )
        except WeightsUnavailable as error:
            # A path that someone typed is meant: only the default may be done without.
            if settings.weights != "imagenet":
                raise
            missing = str(error)
    choice = choose_recipe(
        info.counts["train"],
        image_size=side,
        weights_missing=missing,
        has_gpu=has_gpu,
    )
    return choice, backbone


def _augment(recipe: Recipe, settings: TrainSettings) -> Strength:
    if recipe == "frozen":
        return "none"
    return "light" if settings.augment == "auto" else settings.augment


def class_weights(counts: Mapping[str, int], mode: str) -> tuple[float, ...]:
    """Return per class, in the order of `counts`, how much an example counts; 1 on average."""
    present = [count for count in counts.values() if count]
    uneven = max(present) > IMBALANCE_TO_WEIGH * min(present)
    if mode == "none" or (mode == "auto" and not uneven):
        return (1.0,) * len(counts)
    fair = sum(present) / len(present)
    return tuple(fair / count if count else 1.0 for count in counts.values())
