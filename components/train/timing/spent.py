"""Seconds and images of a phase, and what bounded it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from components.train.fitting.examples import Order, Source, training_batches
from sightline.ground.cores import usable_cores
from sightline.stage.log import event

FEATURES = "features"
"""What computing features is called among the phases."""
LONG_ENOUGH_SECONDS = 10.0
"""Of a phase before its input is measured alone, which takes a twentieth of that."""
INPUT_SECONDS = 0.5
WARM_UP = 2
"""Batches before the clock starts."""
NEAR = 1.3
"""Input that gives no more than so many times the images that were trained on bounds them."""
BUSY = 0.8
"""Share of the cores from which on they are what a phase waits for."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a phase took in this attempt."""

    phase: str
    num_images: int
    """Counted as often as they were looked at."""
    seconds: float
    processor_seconds: float
    cores: int
    on_gpu: bool
    input_rate: float | None = None
    """Images per second that reading and changing alone give; None where it was not measured."""

    @property
    def images_per_second(self) -> float:
        """How many images a second were learned from."""
        return self.num_images / self.seconds if self.seconds else 0.0

    @property
    def busy_cores(self) -> float:
        """How many cores this process kept busy on average."""
        return self.processor_seconds / self.seconds if self.seconds else 0.0

    @property
    def bound(self) -> str:
        """Say what bounded it, and what would make it faster."""
        if self.seconds < LONG_ENOUGH_SECONDS:
            return "too short to tell"
        busy = f"{self.busy_cores:.1f} of {self.cores} cores were busy"
        if self.input_rate is not None and self.input_rate < NEAR * self.images_per_second:
            return (
                f"reading and changing images, which alone gives {self.input_rate:,.0f} a second: "
                "more cores, smaller images or fewer changes"
            )
        if self.busy_cores >= BUSY * self.cores:
            faster = "more cores or smaller images" if self.on_gpu else "a GPU or smaller images"
            return f"the processor ({busy}): {faster}"
        if self.on_gpu:
            return f"the GPU ({busy}): a larger train.batch_size, if its memory allows"
        return f"neither input nor processor ({busy}): other programs, or steps that are too small"


def rate_of(source: Source, order: Order) -> float:
    """Measure how many images a second batches alone come at; the first ones start the work."""
    iterator = iter(training_batches(source, order, first_epoch=0).dataset)
    for _ in range(WARM_UP):
        next(iterator)
    start, count = time.perf_counter(), 0
    while (seconds := time.perf_counter() - start) < INPUT_SECONDS:
        next(iterator)
        count += 1
    return count * order.batch_size / seconds


@dataclass(slots=True)
class Clock:
    """What a block took, once it is over."""

    seconds: float = 0.0
    processor_seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Measure a block: wall clock, and processor time of all threads of this process."""
    clock, start, used = Clock(), time.perf_counter(), time.process_time()
    try:
        yield clock
    finally:
        clock.seconds = time.perf_counter() - start
        clock.processor_seconds = time.process_time() - used


class Times:
    """What the phases of an attempt took, one after the other."""

    def __init__(self, *, on_gpu: bool) -> None:
        """Begin; `on_gpu`: whether a GPU computes."""
        self._on_gpu = on_gpu
        self._spent: list[Spent] = []

    @property
    def spent(self) -> tuple[Spent, ...]:
        """What was noted."""
        return tuple(self._spent)

    def note(
        self,
        phase: str,
        num_images: int,
        clock: Clock,
        input_rate: Callable[[], float] | None = None,
    ) -> None:
        """Note what a phase took; its input is measured alone where it was long enough.

        Args:
            phase: its name.
            num_images: how often images were looked at.
            clock: what it took.
            input_rate: measures the input; None where examples lie in memory as they are.
        """
        found = Spent(
            phase,
            num_images,
            clock.seconds,
            clock.processor_seconds,
            usable_cores(),
            self._on_gpu,
            input_rate() if input_rate and clock.seconds >= LONG_ENOUGH_SECONDS else None,
        )
        self._spent.append(found)
        event("spent", phase=phase, seconds=round(clock.seconds, 3), bound_by=found.bound)
