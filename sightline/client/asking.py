"""Ask a server about photos: what it refuses is an answer, what it never gives is an error."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from anyio import to_thread

from sightline.client.answers import Answer, ServerError, refused, to_answer
from sightline.client.connection import Connection, LateError, Reply
from sightline.client.finding import find_model
from sightline.client.photos import Photo, PhotoError, read_photo
from sightline.client.protocol import Dialect, Model
from sightline.ground.wording import visible
from sightline.problems import problem_of

OF_THE_IMAGE = (400, 413, 415, 422)
"""Statuses of a request that would be refused again; with one image in it, of this image."""
FAULT = 500
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What reading an answer raises that is none of its kind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and whether the server may be to blame where it is none."""

    answer: Answer
    is_fault: bool = False


class Asking:
    """Questions to one server about one model."""

    def __init__(
        self, connection: Connection, dialect: Dialect, model: Model, top_k: int = 0
    ) -> None:
        self._connection, self._dialect, self._model = connection, dialect, model
        self._top_k = top_k
        self._serving = problem_of(model.kind).serving

    @classmethod
    async def begin(
        cls, connection: Connection, name: str | None, protocol: str, top_k: int = 0
    ) -> "Asking":
        """Find the model.

        Raises:
            ServerError: the server has none of this name.
        """
        return cls(connection, *await find_model(connection, name, protocol), top_k)

    async def answer(self, photos: Sequence[Photo]) -> list[Outcome]:
        """Return an outcome for each photo, in their order.

        Raises:
            ServerError: the server answers none of its kind, or nothing at all.
        """
        contents = await to_thread.run_sync(_read_each, photos)
        readable = [
            (photo.path, content)
            for photo, content in zip(photos, contents, strict=True)
            if isinstance(content, bytes)
        ]
        asked = iter(await self._ask(readable) if readable else [])
        return [
            next(asked) if isinstance(content, bytes) else Outcome(refused(photo.path, content))
            for photo, content in zip(photos, contents, strict=True)
        ]

    async def _ask(self, photos: Sequence[tuple[str, bytes]]) -> list[Outcome]:
        try:
            reply, model = await self._send([data for _, data in photos])
        except LateError as error:
            if len(photos) == 1:
                return [Outcome(refused(photos[0][0], str(error)), is_fault=True)]
            return await self._ask_one_by_one(photos)
        if reply.status == 200:
            return self._read(reply, model, [path for path, _ in photos])
        if reply.status not in (*OF_THE_IMAGE, FAULT):
            raise reply.unexpected("answers to images")
        if len(photos) > 1:
            return await self._ask_one_by_one(photos)
        is_fault = reply.status == FAULT
        reason = reply.text() if is_fault else reply.refusal()
        return [Outcome(refused(photos[0][0], reason, self._model.version), is_fault)]

    async def _ask_one_by_one(self, photos: Sequence[tuple[str, bytes]]) -> list[Outcome]:
        """One image is enough to have a request refused; the others are answered without it."""
        return [outcome for photo in photos for outcome in await self._ask([photo])]

    async def _send(self, images: Sequence[bytes]) -> tuple[Reply, Model]:
        """Return a reply and the model that was asked, a newer version where the last one went."""
        model = self._model
        question = await to_thread.run_sync(self._dialect.question, model, images)
        reply = await self._connection.ask(question)
        if reply.status == 404:
            found = await self._dialect.find(self._connection, model.name)
            if found is None or found.version == model.version:
                raise reply.unexpected("answers to images")
            self._model = replace(found, kind=model.kind, classes=model.classes)
            question = await to_thread.run_sync(self._dialect.question, self._model, images)
            return await self._connection.ask(question), self._model
        return reply, model

    def _read(self, reply: Reply, model: Model, paths: Sequence[str]) -> list[Outcome]:
        document = reply.document()
        try:
            rows: list[Any] = self._dialect.rows(document, len(paths))
            version = self._dialect.version(reply, document, model)
            results = map(self._serving.from_json, rows)
            serving, classes = self._serving, model.classes
            return [
                Outcome(to_answer(path, result, serving, classes, version, top_k=self._top_k))
                for path, result in zip(paths, results, strict=True)
            ]
        except MALFORMED as error:
            raise ServerError(
                f"{reply.address}: expected {len(paths)} predictions with {self._serving.fields}; "
                f"received {reply.text()[:100]}. Ask a server of an exported bundle."
            ) from error


def _read_each(photos: Sequence[Photo]) -> list[bytes | str]:
    return [_read(photo) for photo in photos]


def _read(photo: Photo) -> bytes | str:
    try:
        return read_photo(photo)
    except PhotoError as error:
        return visible(str(error))
