"""Thresholds by what wrong answers cost, chosen on validation images."""

import keras

from components.train.fitting.examples import Order, Source, validation_batches
from components.train.heads.calibrate import answers_of
from components.train.learning_settings import CostSettings
from components.train.settings import TrainSettings
from sightline.ground.errors import shorten
from sightline.problems._costs.costs import Costs
from sightline.problems.training import Decided
from sightline.stage import log
from sightline.stage.formats.records import RecordsInfo


def decide(
    network: keras.Model,
    held_out: Source | None,
    order: Order,
    settings: TrainSettings,
    info: RecordsInfo,
) -> Decided:
    """Return the thresholds that the settings' costs ask for; what cannot be chosen is said.

    Args:
        network: makes the answers of what `held_out` holds: the model, or its head.
        held_out: validation images or their features; None where there are none.
        order: of the training, which knows the kind of problem's questions.
        settings: say what wrong answers cost.
        info: of the records.
    """
    asked = asked_costs(settings)
    if other := [f"train.{name}" for name in asked if name not in order.training.costs]:
        log.warning(
            f"{shorten(other)} has no effect: problem {info.problem} has no threshold that depends "
            "on it. Leave it out."
        )
    if not set(asked) & set(order.training.costs):
        return Decided()
    if held_out is None:
        log.warning(
            "Thresholds by cost need a validation split, and there is none: they stay as they are. "
            "Raise preprocess.validation_share."
        )
        return Decided()
    batches = validation_batches(held_out, order, batch_size=order.batch_size)
    answers, goals = answers_of(network, batches)
    costs = Costs(
        miss=settings.miss_cost,
        false_alarm=settings.false_alarm_cost,
        rejection=settings.rejection_cost,
    )
    found = order.training.decide(answers, goals, info.classes, costs, seed=settings.seed)
    log.event("thresholds", chosen={name: value for name, value, _ in found.rows})
    return found


def asked_costs(settings: TrainSettings) -> list[str]:
    """Name the costs that are not the usual ones."""
    return [
        name
        for name, one in CostSettings.model_fields.items()
        if getattr(settings, name) != one.default
    ]
