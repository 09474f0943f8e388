"""Open a version in the process that starts workers, and answer with it in each of them."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sightline.ground.models.formats import TENSORFLOW
from sightline.ground.models.model_folder import version_place
from sightline.serving.opening import TENSORFLOW_MEMORY, Opening
from sightline.serving.protocols.protocol import RequestError, error_reply
from sightline.serving.wire import Question, Reply, read_question, write_progress, write_reply
from sightline.serving.worker.answering import Answering
from sightline.serving.worker.brood import Order
from sightline.stage import log
from sightline.stage.formats.model_folder import golden_tolerance
from sightline.stage.nursery import bound_memory, bound_time

PROGRESS_SECONDS = 0.2
FAILED = 500
MEMORY = 640 << 20
"""A photo of 50 megapixels takes about 450 MB."""
BODY_COPIES = 4
"""As received, unpacked, as text and as images."""


@dataclass(slots=True)
class Working:
    """The version of an order, and how it is answered with."""

    order: Order
    _opening: Opening = field(init=False)

    def __post_init__(self) -> None:
        folder, number = self.order.folder, self.order.number
        tolerance = golden_tolerance(folder, number)
        self._opening = Opening(version_place(folder, number), tolerance, self.order.engine)

    def prepare(self) -> None:
        """Open the version; if that fails, every child says why."""
        log.configure("serve")
        self._opening.prepare()

    def serve(self, connection: socket.socket) -> None:
        """Answer questions until the server closes the connection."""
        self._opening.begin()
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
        version = self._opening.version
        has_tensorflow = version is not None and version.engine == TENSORFLOW
        memory = TENSORFLOW_MEMORY if has_tensorflow else MEMORY
        return memory + BODY_COPIES * self.order.max_bytes

    def _reply(self, question: Question, progress: Callable[[], None]) -> Reply:
        version = self._opening.version
        if version is None:
            return error_reply(RequestError(FAILED, self._opening.failure))
        bound_time(self.order.cpu_seconds)
        answering = Answering(version, self.order.number, self.order.max_bytes, progress)
        try:
            return answering.reply(question)
        except Exception as error:  # a fault of ours must not look like a death by the bytes
            log.warning("fault", call=question.call, kind=type(error).__name__, reason=str(error))
            text = f"{type(error).__name__} in the server; its log has the details."
            return error_reply(RequestError(FAILED, text))
