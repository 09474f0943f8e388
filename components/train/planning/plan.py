"""What a training will do, decided before it starts: recipe, augmentation, class weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import keras

from components.train.augmentation.ranges import Strength
from components.train.augmentation.settings import VIEWS_WHERE_ASKED
from components.train.backbones import build_backbone
from components.train.fitting.devices import find_gpus
from components.train.folds.cost import cost_of_rounds
from components.train.planning.choose import NO_WEIGHTS, Choice, choose_recipe, too_small
from components.train.planning.recipe import AUTO, not_changed, recipe_of
from components.train.settings import TrainSettings
from components.train.warm.champion import Champion
from components.train.weights import WeightsUnavailable
from sightline.ground.errors import SettingsError
from sightline.ground.wording import counted
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.log import event, warning

IMBALANCE_TO_WEIGH = 1.5
# Measured at 224 px with MobileNetV2: a third of a view's time makes its pixels.
SHARE_OF_VIEWS = 1.5
POOLING = {"vector": "avg", "map": None}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training will do, and why."""

    recipe: str
    reasons: tuple[str, ...]
    augment: Strength
    named_weights: dict[str, float]
    """Per class, how much an example counts."""
    devices: tuple[str, ...]
    """GPUs that it computes on; none where it is the processor."""
    champion: Champion | None = None
    """The live model that it begins as, where the recipe wants one."""
    without_weights: bool = False
    """Whether recipe auto took scratch since the default weights cannot be had."""
    views: int = 0
    """How many changed copies of each training image a frozen backbone sees."""

    @property
    def class_weights(self) -> tuple[float, ...]:
        """How much an example counts, in the order of the classes."""
        return tuple(self.named_weights.values())


Network = Callable[[], keras.Model]
"""Builds the backbone when it is first asked for."""


def make_plan(
    info: RecordsInfo,
    settings: TrainSettings,
    *,
    has_features: bool = False,
    champion: Champion | None = None,
) -> tuple[Plan, Network | None]:
    """Decide what to do; return the backbone with it, None where the recipe builds none.

    With features of it at hand, it is built when the head has been trained.

    Raises:
        SettingsError: something was asked for that cannot be, or not together.
        WeightsUnavailable: the recipe needs weights that cannot be had.
    """
    gpus = find_gpus()
    choice, backbone = _choose(info, settings, has_gpu=bool(gpus), has_features=has_features)
    weights = class_weights(info.counts["train"], _weighing(info, settings))
    reasons = [choice.reason, *(champion.reasons if champion else ())]
    if settings.class_weights == "auto" and len(set(weights)) > 1:
        reasons.append("Classes differ in size by more than 1.5 times, so rare ones weigh more.")
    augment, views = _augment(choice, settings, info, champion)
    if views:
        reasons.append(cost_of_views(views, info))
    if cost := cost_of_rounds(settings, choice.recipe):
        reasons.append(cost)
    named = dict(zip(info.counts["train"], weights, strict=True))
    without = backbone is None and settings.recipe == AUTO and settings.weights == "auto"
    fallen = without and not too_small(info.contract.image_size, settings.backbone)
    told = tuple(reasons)
    return Plan(choice.recipe, told, augment, named, gpus, champion, fallen, views), backbone


def _choose(
    info: RecordsInfo, settings: TrainSettings, *, has_gpu: bool, has_features: bool
) -> tuple[Choice, Network | None]:
    if settings.recipe == AUTO:
        return _choose_by_data(info, settings, has_gpu=has_gpu, has_features=has_features)
    choice = Choice(settings.recipe, "The setting train.recipe asks for it.")
    if "features" in recipe_of(settings.recipe).needs:
        return choice, _backbone(info, settings, has_features=has_features)
    if settings.backbone_is_chosen and "champion" not in recipe_of(settings.recipe).needs:
        warning(
            f"train.recipe {settings.recipe} uses no backbone: backbone {settings.backbone} and "
            f"weights {settings.weights} have no effect. Remove these settings, or train.recipe."
        )
    return choice, None


def _choose_by_data(
    info: RecordsInfo, settings: TrainSettings, *, has_gpu: bool, has_features: bool
) -> tuple[Choice, Network | None]:
    missing, backbone = "", None
    if settings.weights == "none":
        missing = NO_WEIGHTS
    elif not too_small(info.contract.image_size, settings.backbone):
        try:
            backbone = _backbone(info, settings, has_features=has_features)
        except WeightsUnavailable as error:
            if settings.insists_on_backbone:
                raise
            missing = str(error)
            event("no_pretrained_weights", reason=missing, consequence="recipe scratch")
    choice = choose_recipe(
        info.occurrences("train"),
        image_size=info.contract.image_size,
        weights_missing=missing,
        has_gpu=has_gpu,
        backbone=settings.backbone,
        part=problem_of(info.problem, info.about).targets.part,
    )
    if settings.backbone_is_chosen and "features" not in recipe_of(choice.recipe).needs:
        raise SettingsError(
            f"train.recipe auto: expected to use backbone {settings.backbone} with weights "
            f"{settings.weights}, as was asked for, but cannot: {choice.reason} Change that, or "
            "set train.recipe to scratch to train a small network without them."
        )
    return choice, backbone


def _backbone(info: RecordsInfo, settings: TrainSettings, *, has_features: bool) -> Network:
    network = network_of(info, settings)
    if not has_features:
        network()
    return network


def network_of(info: RecordsInfo, settings: TrainSettings) -> Network:
    """Return what builds the backbone of a training, once."""
    pooling = POOLING[problem_of(info.problem, info.about).training.takes]
    side = info.contract.image_size

    @cache
    def network() -> keras.Model:
        return build_backbone(settings.backbone, settings.weights, image_size=side, pooling=pooling)

    return network


def _augment(
    choice: Choice, settings: TrainSettings, info: RecordsInfo, champion: Champion | None
) -> tuple[Strength, int]:
    """Return how images are changed, and how many changed copies a frozen backbone sees.

    Raises:
        SettingsError: changes were asked for that recipe or kind of problem cannot have.
    """
    recipe, mixup, asked_for = recipe_of(choice.recipe), settings.mixup, settings.asked_for
    if champion and champion.learns_on_features:
        if asked_for:
            raise SettingsError(
                f"train.{asked_for}: expected augment none or auto, as the live model "
                f"(recipe {champion.recipe}) learns on features that are computed once. Remove it."
            )
        return "none", 0
    views = settings.augmented_views
    if reason := not_changed(choice.recipe, asked_for=asked_for, mixup=mixup, views=views):
        raise SettingsError(f"train.{reason}. ({choice.recipe} was chosen: {choice.reason})")
    training = problem_of(info.problem, info.about).training
    if mixup and not training.mixes:
        raise SettingsError(
            f"train.mixup {mixup:g}: expected 0, as what is to be learned of an image cannot be "
            f"blended with another's in problem {info.problem}. Remove mixup."
        )
    if not recipe.augments and asked_for:
        views = views or VIEWS_WHERE_ASKED
    if views and training.takes != "vector":
        raise SettingsError(
            f"train.augmented_views {views}: expected 0 for problem {info.problem}, whose head "
            "takes feature maps. Set recipe to fine_tune, or remove augmented_views."
        )
    if not recipe.augments and not views:
        return "none", 0
    return settings.strength, views


def cost_of_views(views: int, info: RecordsInfo) -> str:
    """Say what augmented views cost, before they do."""
    images = info.num_images("train")
    return (
        f"The backbone also sees {counted(views, 'changed copy', 'changed copies')} of each of "
        f"{images:,} training images, once: {views * images:,} images more, about "
        f"{SHARE_OF_VIEWS * views:g} times what the features of the training images take."
    )


def _weighing(info: RecordsInfo, settings: TrainSettings) -> str:
    """Return how examples are weighed.

    Raises:
        SettingsError: weights were asked for that the kind of problem cannot have.
    """
    if problem_of(info.problem).training.weighs:
        return settings.class_weights
    if settings.class_weights == "balanced":
        raise SettingsError(
            "train.class_weights balanced: expected auto or none, as images of problem "
            f"{info.problem} are not weighed by classes. Remove the setting."
        )
    return "none"


def class_weights(counts: Mapping[str, int], mode: str) -> tuple[float, ...]:
    """Return per class, in the order of `counts`, how much an example counts; 1 on average."""
    present = [count for count in counts.values() if count]
    uneven = max(present) > IMBALANCE_TO_WEIGH * min(present)
    if mode == "none" or (mode == "auto" and not uneven):
        return (1.0,) * len(counts)
    fair = sum(present) / len(present)
    return tuple(fair / count if count else 1.0 for count in counts.values())
