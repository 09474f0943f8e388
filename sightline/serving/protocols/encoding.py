"""Bodies that travel compressed, unpacked no further than a limit."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import replace

from sightline.serving.protocols.protocol import RequestError
from sightline.serving.wire import Reply

GZIP_WINDOW = 31
"""What tells zlib to expect the frame of gzip."""
SMALLEST = 1_000
"""Bytes of an answer from which on packing it saves anything worth the time."""


def unpacked(body: bytes, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """Return a body as it was before its `Content-Encoding`.

    Raises:
        RequestError: it is damaged, has another encoding, or becomes larger than `max_bytes`.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise RequestError(
            415, f"Expected a body with Content-Encoding gzip or none, received {encoding[:60]!r}."
        )
    whole = bytearray()
    while body:
        unpacker = zlib.decompressobj(GZIP_WINDOW)
        try:
            whole += unpacker.decompress(body, max_bytes + 1 - len(whole))
        except zlib.error as error:
            raise RequestError(
                400, f"Expected a gzip body, received one that does not unpack ({error})."
            ) from error
        if len(whole) > max_bytes:
            raise RequestError(
                413,
                f"Expected a body of at most {max_bytes >> 20} MB once it is unpacked, received "
                "more. Send fewer images at a time, or start the server with --max-body-mb.",
            )
        if not unpacker.eof:
            raise RequestError(400, "Expected a whole gzip body, received one that is cut off.")
        body = unpacker.unused_data
    return bytes(whole)


def packed(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """Return an answer packed, where the client takes that and it is worth it."""
    accepted = headers.get("accept-encoding", "").lower()
    offers = {part.split(";")[0].strip(): part for part in accepted.split(",")}
    refused = "q=0" in offers.get("gzip", "").replace(" ", "").replace("q=0.", "")
    if "gzip" not in offers or refused or len(reply.body) < SMALLEST:
        return reply
    coded = {**reply.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
    return replace(reply, headers=coded, body=gzip.compress(reply.body, 3, mtime=0))
