"""How the learning rate goes over the steps of a phase."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import keras

from components.train.learning_settings import ScheduleName

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule

START = 0.1
"""Share of the peak that warming up begins at."""
DROP = 0.1
"""What `step` multiplies by after each third."""
LAST = 0.01
"""Share of the peak that `exponential` ends at."""
PLATEAU_DROP = 0.5
"""What `plateau` multiplies by."""


class WarmUp(Schedule):  # type: ignore[misc] # Keras ships no types
    """Rise to the peak, then go on as another schedule, times a factor that epochs may change."""

    def __init__(self, peak: float, steps: int, then: Schedule | None) -> None:
        super().__init__()
        self._peak, self._steps, self._then = peak, steps, then
        self._factor = keras.Variable(1.0, trainable=False, name="factor")

    def __call__(self, step: Any) -> Any:
        """Return the rate of a step."""
        step = keras.ops.cast(step, "float32")
        later = keras.ops.maximum(step - self._steps, 0.0)
        rate = self._peak if self._then is None else self._then(later)
        if self._steps:
            rising = self._peak * (START + (1 - START) * step / self._steps)
            rate = keras.ops.where(step < self._steps, rising, rate)
        return rate * self._factor

    def set_factor(self, factor: float) -> None:
        """Multiply the rates from now on."""
        self._factor.assign(factor)


def make_schedule(name: ScheduleName, peak: float, *, warm_up: int, steps: int) -> Schedule:
    """Return a schedule.

    Args:
        name: how the rate falls.
        peak: the highest rate.
        warm_up: steps until it is reached.
        steps: all steps of the phase.
    """
    rest = max(1, steps - warm_up)
    named = keras.optimizers.schedules
    if name == "cosine":
        cosine: Schedule = named.CosineDecay(
            initial_learning_rate=peak * START,
            warmup_target=peak,
            warmup_steps=warm_up,
            decay_steps=steps - warm_up,
        )
        return cosine
    if name == "exponential":
        return WarmUp(peak, warm_up, named.ExponentialDecay(peak, rest, LAST))
    if name == "step":
        thirds = [rest / 3, 2 * rest / 3]
        rates = [peak, peak * DROP, peak * DROP**2]
        return WarmUp(peak, warm_up, named.PiecewiseConstantDecay(thirds, rates))
    return WarmUp(peak, warm_up, None)


def plateau_factor(losses: Sequence[float], wait: int) -> float:
    """Return what the rate is multiplied by: halved per `wait` epochs without a better loss.

    It follows from the history alone, so that a resumed training goes on at the same rate.
    """
    factor, best, waited = 1.0, float("inf"), 0
    for loss in losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited >= wait:
            factor, waited = factor * PLATEAU_DROP, 0
    return factor
