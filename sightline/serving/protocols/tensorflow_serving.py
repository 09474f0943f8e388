"""TensorFlow Serving's JSON for predict, to and from Python values.

The format is that of https://www.tensorflow.org/tfx/serving/api_rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.models.signatures import BEST, FILES, FROM_FILES, KEY, WITH_KEYS
from sightline.serving.protocols.base64_text import EXAMPLE as IMAGE
from sightline.serving.protocols.base64_text import TextError, refusal_of_text, unescape
from sightline.serving.protocols.protocol import (
    MAX_IMAGES,
    PARAMETERS,
    Answered,
    Asked,
    Protocol,
    RequestError,
    json_reply,
    named_keys,
    number_of_best,
    parse_object,
    shown,
)
from sightline.serving.wire import Reply

SIGNATURES = (FROM_FILES, WITH_KEYS, BEST)
EXAMPLE = f'{{"instances": [{IMAGE}]}}'


class TensorFlowServing(Protocol):
    """Rows as `instances` and `predictions`, columns as `inputs` and `outputs`."""

    item = "instance"

    def read(self, body: bytes, headers: Mapping[str, str]) -> Asked:
        document = parse_object(body, EXAMPLE)
        signature = document.get("signature_name") or FROM_FILES
        if signature not in SIGNATURES:
            # `from_files` of older bundles would let any client open files on this machine.
            raise RequestError(
                400,
                f"Expected signature_name {', '.join(SIGNATURES)}; received {shown(signature)}.",
            )
        given = [key for key in ("instances", "inputs") if key in document]
        if len(given) != 1:
            raise RequestError(
                400,
                "Expected one of 'instances' and 'inputs', received "
                f"{given or sorted(document)[:5]}. Send {EXAMPLE}.",
            )
        columnar = given == ["inputs"]
        values = list_of_images(document[given[0]], given[0], columnar=columnar)
        images = [to_bytes(index, value) for index, value in enumerate(values)]
        keys = named_keys(keys_of(document[given[0]], values), len(images))
        if signature == WITH_KEYS and keys is None:
            raise RequestError(
                400,
                f"Expected {{{FILES!r}: {IMAGE}, {KEY!r}: ...}} for signature_name {WITH_KEYS!r}, "
                f"received images without {KEY!r}.",
            )
        best = number_of_best(document.get(PARAMETERS))
        if best is None and signature == BEST:
            best = 0
        return Asked(images=images, keys=keys, best=best, form=columnar)

    def write(self, asked: Asked, answered: Answered) -> Reply:
        rows = list(answered.rows)
        if not asked.form:
            return json_reply({"predictions": rows})
        return json_reply({"outputs": {name: [row[name] for row in rows] for name in rows[0]}})


def list_of_images(values: Any, key: str, *, columnar: bool) -> Sequence[Any]:
    """Return the list below `instances` or `inputs`.

    Raises:
        RequestError: there is none, or it is too long.
    """
    if columnar and isinstance(values, dict):
        values = named_input(values, key)
    if not isinstance(values, list) or not values:
        raise RequestError(
            400, f"Expected '{key}' to hold a list of images, received {shown(values)}."
        )
    if len(values) > MAX_IMAGES:
        raise RequestError(
            400, f"Expected at most {MAX_IMAGES} images in a request, received {len(values):,}."
        )
    return values


def keys_of(given: Any, values: Sequence[Any]) -> Sequence[Any]:
    """Return the key of every image, None where it has none."""
    if isinstance(given, dict):
        keys = given.get(KEY)
        return keys if isinstance(keys, list) else [keys]
    return [value.get(KEY) if isinstance(value, dict) else None for value in values]


def named_input(values: dict[str, Any], where: str) -> Any:
    """Return the one input of an object that names its inputs; others are ignored."""
    if FILES in values:
        return values[FILES]
    raise RequestError(
        400, f"{where}: expected the one input {FILES!r}, received {sorted(values)[:5]}."
    )


def to_bytes(index: int, value: Any) -> bytes:
    """Return the bytes of one instance: {"b64": ...}, or text as its UTF-8 bytes."""
    where = f"instance {index}"
    if isinstance(value, dict) and "b64" not in value:
        value = named_input(value, where)
    if isinstance(value, str):
        if problem := refusal_of_text(value):
            raise RequestError(400, f"{where}: {problem}.")
        return value.encode("utf-8", "surrogatepass")
    if not isinstance(value, dict) or set(value) != {"b64"} or not isinstance(value["b64"], str):
        raise RequestError(400, f"{where}: expected {IMAGE}, received {shown(value)}.")
    try:
        return unescape(value["b64"])
    except TextError as error:
        raise RequestError(400, f"{where}: {error}.") from error
