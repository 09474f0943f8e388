"""Open a version in the process that starts workers, and answer with it in each of them."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sightline.ground.errors import UserError
from sightline.serving.protocols.protocol import RequestError, error_reply
from sightline.serving.wire import Question, Reply, read_question, write_progress, write_reply
from sightline.serving.worker.answering import Answering
from sightline.serving.worker.brood import Order
from sightline.serving.worker.opened import Choice, OpenedVersion, choose, open_chosen
from sightline.stage import log
from sightline.stage.formats.engine import TENSORFLOW
from sightline.stage.formats.model_folder import golden_tolerance
from sightline.stage.nursery import bound_memory, bound_time
from sightline.stage.tensorflow_import import import_tensorflow

PROGRESS_SECONDS = 0.2
FAILED = 500
MEMORY = 640 << 20
"""A photo of 50 megapixels takes about 450 MB."""
TENSORFLOW_MEMORY = 4 << 30
BODY_COPIES = 4
"""As received, unpacked, as text and as images."""


@dataclass(slots=True)
class Working:
    """A version and what became of opening it."""

    order: Order
    _choice: Choice | None = field(default=None, init=False)
    _version: OpenedVersion | None = field(default=None, init=False)
    _failure: str = field(default="", init=False)

    def prepare(self) -> None:
        """Open the version; if that fails, every child says why."""
        log.configure("serve")
        with self._noted_failure():
            self._choice = choose(self.order.folder / str(self.order.number), self.order.engine)
            if self._choice.engine.name == TENSORFLOW:
                # Its threads would be missing in a copy of this process; what is imported is not.
                import_tensorflow()
            else:
                self._open()

    def _open(self) -> None:
        assert self._choice  # noqa: S101 - there is one where nothing failed
        tolerance = golden_tolerance(self.order.folder, self.order.number)
        self._version = open_chosen(self._choice, self.order.number, tolerance=tolerance)

    @contextmanager
    def _noted_failure(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            self._failure = str(error)
        except Exception as error:  # whatever is wrong with a version, the server lives on
            self._failure = f"version {self.order.number}: {type(error).__name__}: {error}"

    def serve(self, connection: socket.socket) -> None:
        """Answer questions until the server closes the connection."""
        with self._noted_failure():
            if self._version is None and not self._failure:
                self._open()
        bound_memory(self._memory_bytes())
        with connection.makefile("rwb") as stream:
            last = time.monotonic()

            def progress() -> None:
                nonlocal last
                if time.monotonic() - last > PROGRESS_SECONDS:
                    last = time.monotonic()
                    write_progress(stream)

            while True:
                question = read_question(stream)
                last = time.monotonic()
                write_reply(stream, self._reply(question, progress))

    def _memory_bytes(self) -> int:
        """Return what a request may take beyond the opened version."""
        has_tensorflow = self._version is not None and self._version.engine == TENSORFLOW
        memory = TENSORFLOW_MEMORY if has_tensorflow else MEMORY
        return memory + BODY_COPIES * self.order.max_bytes

    def _reply(self, question: Question, progress: Callable[[], None]) -> Reply:
        if self._version is None:
            return error_reply(RequestError(FAILED, self._failure))
        bound_time(self.order.cpu_seconds)
        answering = Answering(self._version, self.order.max_bytes, progress)
        try:
            return answering.reply(question)
        except Exception as error:  # a fault of ours must not look like a death by the bytes
            log.warning("fault", call=question.call, kind=type(error).__name__, reason=str(error))
            text = f"{type(error).__name__} in the server; its log has the details."
            return error_reply(RequestError(FAILED, text))
