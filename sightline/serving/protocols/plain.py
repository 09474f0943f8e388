"""An image file as the body, or several as a form: what `curl` sends without any JSON."""

from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP

from sightline.serving.protocols.protocol import (
    MAX_IMAGES,
    TOP_K,
    Answered,
    Asked,
    Protocol,
    RequestError,
    json_reply,
    number_of_best,
)
from sightline.serving.wire import Reply

ASKED_TOP_K = "top-k"
"""What the server adds to the headers of a request that has `?top_k=` in its address."""
FORM = "multipart/form-data"
EXAMPLE = "curl --data-binary @photo.jpg"


class Plain(Protocol):
    """One file as the body: one answer; a form of files: a list of answers."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Asked:
        kind = headers.get("content-type", "")
        if not kind.lower().startswith(FORM):
            if not body:
                raise RequestError(400, f"Expected an image file, received none. Use {EXAMPLE}.")
            return Asked(images=[body], best=best_in(headers), form=False)
        images = files_of(body, kind)
        if not 0 < len(images) <= MAX_IMAGES:
            raise RequestError(
                400, f"Expected a form with 1 to {MAX_IMAGES} files, received {len(images):,}."
            )
        return Asked(images=images, best=best_in(headers), form=True)

    def write(self, asked: Asked, answered: Answered) -> Reply:
        rows = list(answered.rows)
        return json_reply({"predictions": rows} if asked.form else rows[0])


def best_in(headers: Mapping[str, str]) -> int | None:
    """Return how many of the most probable classes the address asks for."""
    text = headers.get(ASKED_TOP_K)
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 10
    return number_of_best({TOP_K: int(text or 0) if is_number else text})


def files_of(body: bytes, kind: str) -> list[bytes]:
    """Return the files of a form.

    Raises:
        RequestError: it is none.
    """
    head = b"content-type: " + kind.encode("ascii", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise RequestError(
            400, f"Expected a whole form with its boundary, received another body. Use {EXAMPLE}."
        )
    parts = [part.get_payload(decode=True) for part in message.iter_parts()]
    return [part for part in parts if isinstance(part, bytes)]
