"""Answer questions with an opened version: what a worker does, without its connection."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sightline.ground.errors import DataError
from sightline.ground.models.signatures import BEST, KEY
from sightline.problems.open_version import OpenVersion
from sightline.serving.images import ImageRefusal, check_images
from sightline.serving.protocols.encoding import packed, unpacked
from sightline.serving.protocols.protocol import (
    TOP_K,
    Answered,
    Asked,
    Protocol,
    RequestError,
    error_reply,
    json_reply,
)
from sightline.serving.wire import DESCRIBE, GOLDEN, PICTURES, Question, Reply
from sightline.serving.worker.description import describe
from sightline.serving.worker.pictures import pictures
from sightline.serving.worker.protocols import PROTOCOLS
from sightline.serving.worker.samples import samples
from sightline.stage.answering.servable import Given

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
        if question.call == PICTURES:
            return json_reply({"pictures": pictures(self.version)})
        try:
            reply = self._answered(PROTOCOLS[question.call], question)
        except RequestError as error:
            reply = error_reply(error)
        return packed(reply, question.headers)

    def _answered(self, protocol: Protocol, question: Question) -> Reply:
        try:
            body = unpacked(b"".join(question.body), question.headers, self.max_bytes)
            asked = protocol.read(body, question.headers)
            given = self._given(asked, protocol.item, question.threads)
        except MemoryError as error:
            raise RequestError(413, f"{MEMORY[0].upper()}{MEMORY[1:]}.") from error
        version, serving = self.version, self.version.problem.serving
        rows = [serving.as_json(one.answer) for one in given]
        told_rows = self._told(asked, given, rows)
        answered = Answered(rows=told_rows, model_name=version.info.model_name, version=self.number)
        classes = Counter(serving.group(one.answer) for one in given)
        kept = samples(asked.images, given, rows, question) if question.sample else []
        told = {"answers": classes, "samples": len(kept)}
        if question.against:
            told |= compared(version, rows, question.against)
        reply = replace(protocol.write(asked, answered), told=told, samples=b"".join(kept))
        return replace(reply, rows=json.dumps(rows).encode()) if question.rows else reply

    def _told(
        self, asked: Asked, given: Sequence[Given[Any]], rows: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """Return what the client wants of the answers, and the keys that it gave them."""
        if asked.best is not None:
            rows = [self._best(one.answer, asked.best) for one in given]
        if asked.keys is None:
            return rows
        return [{**row, KEY: key} for row, key in zip(rows, asked.keys, strict=True)]

    def _best(self, answer: Any, count: int) -> Mapping[str, Any]:
        info, serving = self.version.info, self.version.problem.serving
        best = serving.best(answer, info.classes, count or info.top_k)
        if best is None:
            raise RequestError(
                400,
                "Expected a model of several classes, to name the most probable ones; this one "
                f"answers with {serving.fields}. Ask without {BEST} and {TOP_K}.",
            )
        return best

    def _given(self, asked: Asked, item: str, threads: int) -> Sequence[Given[Any]]:
        try:
            check_images(asked.images)
        except ImageRefusal as error:
            raise RequestError(400, f"{item} {error.index}: {error.reason}.", "image") from error
        given: list[Given[Any]] = []
        for index, image in enumerate(asked.images):
            try:
                given += self.version.give([image], threads)
            except DataError as error:
                raise RequestError(400, f"{item} {index}: {error}", "image") from error
            except MemoryError as error:
                raise RequestError(413, f"{item} {index}: {MEMORY}.") from error
            self.progress()
        return given


def compared(
    version: OpenVersion, rows: Sequence[Mapping[str, Any]], against: bytes
) -> dict[str, int]:
    """Count the images on which another version gave the same answer as this one."""
    serving = version.problem.serving
    own, others = (
        [serving.from_json(row) for row in answers] for answers in (rows, json.loads(against))
    )
    try:
        agreed = int(serving.same(own, others).agrees.sum())
    except DataError:  # the other one knows other classes
        said = zip(map(serving.caption, own), map(serving.caption, others), strict=True)
        agreed = sum(one[0] == other[0] for one, other in said)
    return {"compared": len(rows), "agreed": agreed}
