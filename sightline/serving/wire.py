"""What travels between the server's loop and a worker: a head in JSON and bytes after it."""

import json
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BufferedRWPair
from typing import Any

TENSORFLOW, OPEN, PLAIN, VERTEX = "tensorflow", "open-inference", "plain", "vertex"
"""Protocols of requests."""
DESCRIBE, GOLDEN, PICTURES = "describe", "golden", "pictures"
"""The server's own questions about a version."""

LENGTHS = struct.Struct(">IQ")
QUESTION_LENGTHS = struct.Struct(">IQQ")
REPLY_LENGTHS = struct.Struct(">IQQQ")
MAX_HEAD = 1 << 20
MAX_REPLY = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, or one of the server's own questions, as a worker gets it."""

    call: str
    """Name of the protocol that reads it, or a question of the server's own."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of the request that say how the body is to be read, or the answer written."""
    threads: int = 1
    """How many cores the model may take."""
    sample: float = 0.0
    """Share of the images that samples are wanted of."""
    sample_images: bool = False
    rows: bool = False
    """Whether the answers are wanted apart from the reply, for another version to compare."""
    body: Sequence[bytes] = ()
    against: bytes = b""
    """Another version's answers to the same body, to be compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as the client gets it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    told: dict[str, Any] = field(default_factory=dict)
    """What the server notes of it, and the client does not get."""
    samples: bytes = b""
    """What is kept of some images, for monitoring."""
    rows: bytes = b""
    """The answers in JSON, where they were asked for."""


class WireError(Exception):
    """The other side is gone, or says what nobody says."""


def read_question(stream: BufferedRWPair) -> Question:
    """Wait for a question.

    Raises:
        EOFError: the connection has ended.
    """
    head_size, size, more = QUESTION_LENGTHS.unpack(_exactly(stream, QUESTION_LENGTHS.size))
    head = json.loads(_exactly(stream, head_size))
    return Question(**head, body=[_exactly(stream, size)], against=_exactly(stream, more))


def _exactly(stream: BufferedRWPair, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def write_reply(stream: BufferedRWPair, reply: Reply) -> None:
    """Send an answer."""
    fields = {"status": reply.status, "headers": reply.headers, "told": reply.told}
    head = json.dumps(fields).encode()
    parts = (reply.body, reply.samples, reply.rows)
    lengths = REPLY_LENGTHS.pack(len(head), *map(len, parts))
    stream.write(lengths + head)
    for part in parts:
        stream.write(part)
    stream.flush()


def write_progress(stream: BufferedRWPair) -> None:
    """Say that the answer is under way."""
    stream.write(REPLY_LENGTHS.pack(0, 0, 0, 0))
    stream.flush()


async def send_question(writer: StreamWriter, question: Question) -> None:
    """Send a question; the pieces of its body are not copied together."""
    fields = {
        "call": question.call,
        "headers": question.headers,
        "threads": question.threads,
        "sample": question.sample,
        "sample_images": question.sample_images,
        "rows": question.rows,
    }
    head = json.dumps(fields).encode()
    sizes = sum(map(len, question.body)), len(question.against)
    writer.write(QUESTION_LENGTHS.pack(len(head), *sizes) + head)
    for piece in (*question.body, question.against):
        writer.write(piece)
        await writer.drain()
    await writer.drain()


async def receive_reply(reader: StreamReader, progress: Callable[[], None]) -> Reply:
    """Wait for the answer; `progress` is called while it is under way.

    Raises:
        EOFError, OSError: the worker is gone.
        WireError: it says something else.
    """
    head_size, sizes = 0, [0]
    while not head_size:
        lengths = await reader.readexactly(REPLY_LENGTHS.size)
        head_size, *sizes = REPLY_LENGTHS.unpack(lengths)
        progress()
    if head_size > MAX_HEAD or max(sizes) > MAX_REPLY:
        raise WireError("a worker announced an answer of no sensible size")
    try:
        head = json.loads(await reader.readexactly(head_size))
        status, headers, told = int(head["status"]), dict(head["headers"]), dict(head["told"])
    except (KeyError, TypeError, ValueError) as error:
        raise WireError("a worker sent an answer that is none") from error
    body, samples, rows = [await reader.readexactly(size) for size in sizes]
    return Reply(status=status, headers=headers, body=body, told=told, samples=samples, rows=rows)
