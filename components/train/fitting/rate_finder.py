"""Find a learning rate: raise it step by step, and see where the loss falls no further.

Leslie Smith's range test, with the rule of thumb of a tenth of the best rate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np

from components.train.fitting.checkpoints import Checkpoints, assign, values_of
from components.train.fitting.examples import Batches
from components.train.fitting.fit import Phase, compile_model
from sightline.problems.training import Training
from sightline.stage.log import event

LOWEST, HIGHEST = 1e-6, 1.0
STEPS = 120
SMOOTHING = 0.9
LOST = 4.0
"""Times the best loss from which on higher rates are of no use."""
BELOW_THE_BEST = 10


@dataclass(frozen=True, slots=True)
class RateSearch:
    """What was tried and what was chosen."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    """Smoothed over some ten steps."""
    chosen: float | None
    """None where the loss never fell."""

    def at_chosen(self, phase: Phase) -> Phase:
        """Return the phase at the rate that was chosen."""
        return phase if self.chosen is None else replace(phase, learning_rate=self.chosen)


def find_rate(
    model: keras.Model,
    phase: Phase,
    batches: Batches,
    *,
    learning: Training,
    checkpoints: Checkpoints,
) -> RateSearch:
    """Train for a moment at rising rates, and leave the model as it was.

    Args:
        model: what the phase will train.
        phase: what the phase is told; its rate is what this looks for.
        batches: what it learns from.
        learning: what is minimised.
        checkpoints: where a resumed training finds the result again.
    """
    arrays = checkpoints.load_rates()
    if arrays is None:
        rates, losses = _try_rates(model, phase, batches, learning)
        arrays = {"rates": np.array(rates), "losses": np.array(losses)}
        checkpoints.save_rates(arrays)
    rates, losses = arrays["rates"].tolist(), arrays["losses"].tolist()
    search = RateSearch(tuple(rates), tuple(losses), best_rate(rates, losses))
    event("tried learning rates", phase=phase.name, steps=len(rates), chosen=search.chosen)
    return search


def _try_rates(
    model: keras.Model, phase: Phase, batches: Batches, learning: Training
) -> tuple[list[float], list[float]]:
    before = values_of(model.weights)
    compile_model(
        model, replace(phase, schedule="constant", warmup_epochs=0), learning, 1, rate=LOWEST
    )
    rates: list[float] = []
    losses: list[float] = []
    average, best = 0.0, math.inf
    for step, batch in enumerate(batches.dataset.take(STEPS)):
        rate = LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1))
        model.optimizer.learning_rate = rate
        model.reset_metrics()
        loss = float(model.train_on_batch(*batch)[0])
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        smoothed = average / (1 - SMOOTHING ** (step + 1))
        if not math.isfinite(smoothed) or smoothed > LOST * best:
            break
        best = min(best, smoothed)
        rates.append(rate)
        losses.append(smoothed)
    assign(model.weights, before)
    return rates, losses


def best_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Return a tenth of the rate with the lowest loss; None where it never fell."""
    if not losses:
        return None
    lowest = int(np.argmin(losses))
    return rates[lowest] / BELOW_THE_BEST if lowest else None
