"""Answer questions with an opened version: what a worker does, without its connection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sightline.ground.errors import DataError
from sightline.problems.open_version import OpenVersion
from sightline.serving.images import ImageRefusal, check_images
from sightline.serving.protocols.encoding import packed, unpacked
from sightline.serving.protocols.protocol import (
    Answered,
    Asked,
    Protocol,
    RequestError,
    error_reply,
    json_reply,
)
from sightline.serving.wire import Question, Reply
from sightline.serving.worker.description import describe
from sightline.serving.worker.protocols import PROTOCOLS

DESCRIBE, GOLDEN = "describe", "golden"
MEMORY = (
    "expected an image that is decoded within the memory of a worker, received one that needs "
    "more. Scale the image down"
)


@dataclass(frozen=True, slots=True)
class Answering:
    """One version, and how requests to it are read, answered and written."""

    version: OpenVersion
    number: int
    max_bytes: int
    """Largest body once it is unpacked."""
    progress: Callable[[], None] = field(default=lambda: None)
    """Called after every image, for whoever waits for the answer."""

    def reply(self, question: Question) -> Reply:
        """Return the answer to any question; what cannot be answered is an answer, too."""
        if question.call == DESCRIBE:
            return json_reply(describe(self.version, self.number))
        if question.call == GOLDEN:
            self.version.check_golden(question.threads)
            return json_reply({})
        try:
            reply = self._answered(PROTOCOLS[question.call], question)
        except RequestError as error:
            reply = error_reply(error)
        return packed(reply, question.headers)

    def _answered(self, protocol: Protocol, question: Question) -> Reply:
        try:
            body = unpacked(b"".join(question.body), question.headers, self.max_bytes)
            asked = protocol.read(body, question.headers)
            rows = self._rows(asked, protocol.item, question.threads)
        except MemoryError as error:
            raise RequestError(413, f"{MEMORY[0].upper()}{MEMORY[1:]}.") from error
        name = self.version.info.model_name
        answered = Answered(rows=rows, model_name=name, version=self.number)
        return protocol.write(asked, answered)

    def _rows(self, asked: Asked, item: str, threads: int) -> Sequence[Mapping[str, Any]]:
        serving = self.version.problem.serving
        try:
            check_images(asked.images)
        except ImageRefusal as error:
            raise RequestError(400, f"{item} {error.index}: {error.reason}.") from error
        rows = []
        for index, image in enumerate(asked.images):
            try:
                (answer,) = self.version.answer([image], threads)
            except DataError as error:
                raise RequestError(400, f"{item} {index}: {error}") from error
            except MemoryError as error:
                raise RequestError(413, f"{item} {index}: {MEMORY}.") from error
            rows.append(serving.as_json(answer))
            self.progress()
        return rows
