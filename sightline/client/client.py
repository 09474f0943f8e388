"""Answers from a model server, Sightline's or another, for any number of photos."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.client.answers import Answer, ServerError
from sightline.client.connection import Connection
from sightline.client.finding import ProtocolName
from sightline.client.photos import Photo, in_batches, photo_at
from sightline.ground.patience import Patience

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from sightline.client.asking import Asking, Outcome

MOST_FAULTS = 5
"""Photos in a row that a server fails with before it is the server, not the photos."""


@dataclass(frozen=True)
class Client:
    """Asks a server: `Client("http://127.0.0.1:8501").predict(["cat.jpg"])`.

    It speaks TensorFlow Serving's REST calls and the Open Inference Protocol, version 2.
    """

    url: str
    _: KW_ONLY
    name: str | None = None
    """The model; a Sightline server tells it."""
    protocol: ProtocolName = "auto"
    top_k: int = 0
    """How many of the most probable classes answers name in place of all; 0 names all."""
    batch: int = 8
    """Photos in one request."""
    requests: int = 4
    """Requests that are under way at the same time."""
    deadline_seconds: float = 60.0
    """Time for each whole answer."""
    token: str | None = field(default=None, repr=False)
    """Sent as a bearer token."""
    patience: Patience = field(default_factory=Patience)
    """How a busy server is asked again."""

    def predict(self, images: Iterable[str | Path | bytes] | str | Path | bytes) -> list[Answer]:
        """Answer image files, given by their paths or as their bytes, in their order.

        A file that cannot be answered has an `error`; the others are answered.

        Raises:
            ServerError: the server cannot be reached, does not know the model, or answers
                something else.
            NotRankedError: `top_k` of a model that has no classes.
        """
        several = [images] if isinstance(images, str | Path | bytes) else images
        return list(self.stream(_to_photo(at, image) for at, image in enumerate(several)))

    def stream(self, photos: Iterable[Photo]) -> Generator[Answer]:
        """Yield the answers to photos in their order; few are in memory at any time.

        Raises:
            ServerError: as `predict`.
        """
        from anyio.from_thread import start_blocking_portal

        from sightline.client.asking import Asking

        connection = Connection(
            self.url,
            deadline_seconds=self.deadline_seconds,
            token=self.token,
            patience=self.patience,
        )
        # A loop of its own, in a thread: where this is called may be one already, as in notebooks.
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(connection) as opened,
        ):
            asking = portal.call(Asking.begin, opened, self.name, self.protocol, self.top_k)
            yield from _without_faults(self._outcomes(portal, asking, photos), opened.address)

    def _outcomes(
        self, portal: "BlockingPortal", asking: "Asking", photos: Iterable[Photo]
    ) -> "Iterator[Outcome]":
        waiting: deque[Future[list[Outcome]]] = deque()
        for batch in in_batches(photos, self.batch):
            waiting.append(portal.start_task_soon(asking.answer, batch))
            if len(waiting) >= self.requests:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _without_faults(outcomes: "Iterator[Outcome]", address: str) -> Iterator[Answer]:
    """Yield answers; those that the server failed with only once it has answered another photo.

    Raises:
        ServerError: it fails with one photo after the other.
    """
    held: list[Answer] = []
    for outcome in outcomes:
        held.append(outcome.answer)
        if not outcome.is_fault:
            yield from held
            held = []
        elif len(held) == MOST_FAULTS:
            raise ServerError(
                f"{address}: expected answers; the server failed with {MOST_FAULTS} photos in a "
                f"row, the last time with: {outcome.answer.error}. Look into its log."
            )
    yield from held


def _to_photo(index: int, image: str | Path | bytes) -> Photo:
    if isinstance(image, bytes):
        return Photo(f"image {index}", len(image), content=image)
    return photo_at(str(image))
