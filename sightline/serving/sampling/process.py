"""The process that writes samples: what it takes, no answer waits for."""

import json
import os
import select
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sightline.serving.sampling.frames import FrameError, unpack
from sightline.serving.wire import LENGTHS
from sightline.stage.formats.samples import Sample, SampleWriter

SHARD_BYTES = 32 << 20
SHARDS = 8
"""At least so many are kept, or the oldest would take much with it."""
SHARD_SECONDS = 300.0
LOOK_SECONDS = 1.0
NICE = 10


@dataclass(slots=True)
class Inbox:
    """What arrives, without a buffer that would hide from `select` that something has."""

    handle: int

    def is_filled(self) -> bool:
        """Wait a moment for something to arrive, or its end."""
        return bool(select.select([self.handle], [], [], LOOK_SECONDS)[0])

    def exactly(self, size: int) -> bytes:
        """Return so many bytes.

        Raises:
            EOFError: there are no more.
        """
        pieces, missing = [], size
        while missing:
            piece = os.read(self.handle, min(missing, 1 << 20))
            if not piece:
                raise EOFError
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)


def main(folder: str, max_bytes: int) -> None:
    """Write what arrives on standard input until it ends; say in JSON what became of it."""
    # It ends with the server, once everything is written, and not before.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    writer = SampleWriter(
        folder=Path(folder),
        max_bytes=max_bytes,
        shard_bytes=min(SHARD_BYTES, max_bytes // SHARDS),
        shard_seconds=SHARD_SECONDS,
    )
    inbox = Inbox(sys.stdin.fileno())
    told = (0, 0)
    is_open = True
    while is_open:
        try:
            is_open = _step(inbox, writer)
        except OSError as error:
            writer.discard()
            _say({"problem": str(error)[:200]})
        except FrameError:
            writer.lost += 1
        if told != (writer.written, writer.lost):
            told = writer.written, writer.lost
            _say({"written": writer.written, "lost": writer.lost})


def _step(inbox: Inbox, writer: SampleWriter) -> bool:
    """Write what has arrived; tell whether more may come."""
    if not inbox.is_filled():
        writer.rotate()
        return True
    try:
        head_size, size = LENGTHS.unpack(inbox.exactly(LENGTHS.size))
        head = json.loads(inbox.exactly(head_size))
        data = inbox.exactly(size)
    except EOFError:
        writer.close()
        return False
    for frame in unpack(data):
        sample = Sample(
            time=datetime.fromisoformat(head["time"]),
            version=head["version"],
            request_id=head["request_id"],
            id=frame.id,
            embedding=frame.embedding,
            outputs=frame.outputs,
            image=frame.image,
        )
        writer.add(sample)
    return True


def _say(line: dict[str, object]) -> None:
    with suppress(OSError):  # the server is gone
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
