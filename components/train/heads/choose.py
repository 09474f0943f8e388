"""A training's head: chosen on features, and at the end with a temperature."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import keras

from components.train import networks
from components.train.fitting.checkpoints import Progress
from components.train.fitting.examples import InMemory, Order
from components.train.folds.chosen import Chosen
from components.train.heads.best import Best, Task, best_head
from components.train.heads.calibrate import Ask, calibrate
from components.train.heads.decide import decide
from components.train.heads.examples import examples_of
from components.train.settings import TrainSettings
from sightline.problems.training import Decided
from sightline.stage.formats.model import Calibration
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.log import event


@dataclass(frozen=True, slots=True)
class Heads:
    """What a training's choices about its head share."""

    settings: TrainSettings
    order: Order
    chosen: Chosen | None = None
    """What folds chose; None where there were none."""

    @property
    def shape(self) -> networks.HeadShape:
        """The layers between features and answers."""
        return networks.HeadShape(
            training=self.order.training,
            num_classes=self.order.num_classes,
            hidden_units=self.settings.hidden_units,
            dropout=self.settings.dropout,
        )

    def choose(
        self,
        training: InMemory,
        validation: InMemory | None,
        train_dense: Callable[[keras.Sequential], Progress],
    ) -> Best:
        """Return the head that the settings ask for, or the better one, on features at hand."""
        settings = self.settings
        task = Task(
            self.order.training,
            lambda: examples_of(training, self.order, weighed=True),
            None if validation is None else examples_of(validation, self.order, weighed=False),
            settings.seed,
            settings.label_smoothing,
        )
        best = best_head(
            task,
            self.chosen.head if self.chosen else settings.head,
            hidden_units=settings.hidden_units,
            build=lambda: networks.head(training.inputs.shape[1:], self.shape),
            train_dense=train_dense,
        )
        if self.chosen and self.chosen.head != settings.head:
            best = replace(best, info=replace(best.info, reason=self.chosen.reason))
        event("head", head=best.info.name, reason=best.info.reason)
        return best

    def finish(
        self, model: keras.Model, ask: Ask | None, info: RecordsInfo
    ) -> tuple[Calibration | None, Decided]:
        """Give a network a temperature and thresholds, where images held out prove them.

        ask: gives what it answers to these; None where there are none.
        """
        found = None
        if ask is not None:
            found, ask = calibrate(model, ask, self.order.training, seed=self.settings.seed)
        if found is not None:
            event("calibrated", temperature=found.temperature, reason=found.reason)
        return found, decide(ask, self.order, self.settings, info)
