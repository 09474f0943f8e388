"""Answer requests that wait at the same time with one call of the model."""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from sightline.stage.formats.servable import ImageError

MAX_BATCH = 8
MAX_WAITING = 1_000


class Answering(Protocol):
    """What can answer a batch of image files, such as a `Servable`."""

    def answer(self, images: Sequence[bytes]) -> list[Any]: ...


Result = Any
"""An answer of the model's kind of problem, or an ImageError."""


@dataclass(frozen=True, slots=True)
class Job:
    """The images of one request and where its results are awaited."""

    model: Answering
    images: list[bytes]
    future: "Future[list[Result]]" = field(default_factory=Future)


class Overloaded(Exception):
    """More requests wait than the server can answer in a reasonable time."""


class Batcher:
    """Run jobs in worker threads; jobs that wait for the same model go into one call.

    Nothing waits for a batch to fill: while the workers are busy, it fills by itself. With a
    MobileNetV2 on 2 cores, an image in a batch of eight took two thirds of a single one's time.
    """

    def __init__(self, *, workers: int, max_batch: int = MAX_BATCH) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue(MAX_WAITING)
        self._max_batch = max_batch
        self._threads = [
            threading.Thread(target=self._work, name=f"model-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, model: Answering, images: list[bytes]) -> "Future[list[Result]]":
        """Queue images; the future gives a result per image, in their order.

        Raises:
            Overloaded: too many requests wait already.
        """
        job = Job(model, images)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise Overloaded(
                f"{MAX_WAITING:,} requests are waiting. Try again later or add servers."
            ) from None
        return job.future

    def close(self) -> None:
        """End the workers after the jobs that wait."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        kept: Job | None = None
        while True:
            first = kept or self._jobs.get()
            if first is None:
                return
            batch, kept = self._collect(first)
            answer_jobs(batch)

    def _collect(self, first: Job) -> tuple[list[Job], Job | None]:
        """Take waiting jobs of the same model up to the largest batch, and the next one if not."""
        batch, size = [first], len(first.images)
        while size < self._max_batch:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            size += len(job.images)
            if job.model is not first.model or size > self._max_batch:
                return batch, job
            batch.append(job)
        return batch, None


def answer_jobs(batch: Sequence[Job]) -> None:
    """Answer all jobs of one model together and hand each its part."""
    try:
        results = answer_each(batch[0].model, [image for job in batch for image in job.images])
    except BaseException as error:
        for job in batch:
            job.future.set_exception(error)
        return
    for job in batch:
        job.future.set_result(results[: len(job.images)])
        results = results[len(job.images) :]


def answer_each(model: Answering, images: Sequence[bytes]) -> list[Result]:
    """Return a result per image; one that does not decode has no influence on the others."""
    results: list[Result] = []
    for start in range(0, len(images), MAX_BATCH):
        part = images[start : start + MAX_BATCH]
        try:
            results += model.answer(part)
        except ImageError as error:
            if len(part) == 1:
                results.append(error)
            else:
                results += [result for image in part for result in answer_each(model, [image])]
    return results
