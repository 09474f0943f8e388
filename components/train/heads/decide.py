"""Thresholds by what wrong answers cost, chosen on validation images."""

from components.train.fitting.examples import Order
from components.train.heads.calibrate import Ask
from components.train.learning_settings import CostSettings
from components.train.settings import TrainSettings
from sightline.ground.errors import shorten
from sightline.problems._costs.costs import Costs
from sightline.problems._costs.table_file import read_cost_table
from sightline.problems.training import Decided
from sightline.stage import log
from sightline.stage.formats.records import RecordsInfo


def decide(
    ask: Ask | None,
    order: Order,
    settings: TrainSettings,
    info: RecordsInfo,
) -> Decided:
    """Return the thresholds that the settings' costs ask for; what cannot be chosen is said.

    Args:
        ask: gives what the model answers to images held out; None where there are none.
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
    if ask is None:
        log.warning(
            "Thresholds by cost need a validation split, and there is none: they stay as they are. "
            "Raise preprocess.validation_share."
        )
        return Decided()
    held_out = ask()
    costs = Costs(
        miss=settings.miss_cost,
        false_alarm=settings.false_alarm_cost,
        rejection=settings.rejection_cost,
        table=read_cost_table(settings.cost_table, info.classes) if settings.cost_table else None,
    )
    found = order.training.decide(
        held_out.answers, held_out.goals, info.classes, costs, seed=settings.seed
    )
    log.event("thresholds", chosen={name: value for name, value, _ in found.rows})
    return found


def asked_costs(settings: TrainSettings) -> list[str]:
    """Name the costs that are not the usual ones."""
    return [
        name
        for name, one in CostSettings.model_fields.items()
        if getattr(settings, name) != one.default
    ]
