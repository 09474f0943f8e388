"""`sightline predict`: what the live model, or a running server, says about photos."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sightline.ground.errors import UserError
from sightline.ground.model_folder import FolderError, version_numbers
from sightline.ground.problems import FIRST_KIND
from sightline.problems import problem_of
from sightline.problems.open_version import open_version
from sightline.problems.serving import Serving
from sightline.serving.batching import answer_each
from sightline.serving.images import ImageRefusal, check_images
from sightline.stage import log
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import golden_tolerance, newest_sound
from sightline.stage.formats.servable import ImageError

TIMEOUT_SECONDS = 60.0


class ServerError(UserError):
    """A server does not answer as expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says about one photo, or why it says nothing."""

    photo: str
    said: str = ""
    """The answer in a few words."""
    content: dict[str, Any] = field(default_factory=dict)
    """The answer with the names of classes, as the kind of problem tells it."""
    version: int | None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return everything but the words for people."""
        return {
            "photo": self.photo,
            **self.content,
            "version": self.version,
            "error": self.error,
        }


def predict(folder: Path, photos: Sequence[Path], *, version: int | None = None) -> list[Answer]:
    """Answer photos with a version of a model folder, the live one by default.

    A photo that cannot be read or decoded gets an answer with `error`; the others are answered.
    Where the live version is damaged, the newest whole one answers, as it does on a server.

    Raises:
        FolderError: the folder has no such version, or none that is whole.
        DataError: the version asked for is damaged, or does not repeat its golden answers.
    """
    number = find_version(folder, version)
    place = folder / str(number)
    info = read_sound(place)
    serving = problem_of(info.problem).serving
    contents = [read_photo(photo) for photo in photos]
    images = [content for content in contents if isinstance(content, bytes)]
    # Loading TensorFlow for photos that nobody can open would be seconds of waiting for nothing.
    model = open_version(place, golden_tolerance(folder, number)).model if images else None
    results = iter(answer_each(model, images) if model else [])
    answers = []
    for photo, content in zip(photos, contents, strict=True):
        result = next(results) if isinstance(content, bytes) else content
        if isinstance(result, str | ImageError):
            answers.append(refused(photo, str(result), number))
        else:
            answers.append(to_answer(photo, result, serving, info.classes, number))
    return answers


def find_version(folder: Path, version: int | None) -> int:
    """Return the number of the newest version that is whole, or `version` if it is there.

    Raises:
        FolderError: there is none.
    """
    numbers = version_numbers(folder)
    if not numbers:
        raise FolderError(
            f"{folder}: expected a model folder with a version in it, found none. "
            "Run the pipeline first, or name the folder that deploy wrote."
        )
    if version is not None and version not in numbers:
        listed = ", ".join(map(str, numbers))
        raise FolderError(f"{folder}: expected one of the versions {listed}; received {version}.")
    if version is not None:
        return version
    sound, damaged = newest_sound(folder)
    for number, reason in damaged.items():
        log.warning("a damaged version does not answer", version=number, reason=reason)
    if sound is None:
        raise FolderError(f"{folder}: expected a version that is whole. {damaged[numbers[0]]}")
    return sound.number


def read_photo(photo: Path) -> bytes | str:
    """Return the bytes of a photo, or why it cannot be shown to the model."""
    try:
        data = photo.read_bytes()
        check_images([data])
    except OSError as error:
        return f"expected a readable file; the system says: {error.strerror}"
    except ImageRefusal as error:
        return error.reason
    return data


def to_answer(
    photo: Path, result: Any, serving: Serving[Any], classes: Sequence[str], version: int | None
) -> Answer:
    """Return the answer for one photo."""
    title, sureness = serving.caption(result)
    return Answer(
        photo=str(photo),
        said=f"{title} ({sureness})",
        content=serving.named(result, classes),
        version=version,
    )


def refused(photo: Path, reason: str, version: int | None) -> Answer:
    """Return the answer for a photo that was not shown to the model."""
    return Answer(photo=str(photo), version=version, error=reason)


def predict_at(url: str, photos: Sequence[Path], *, name: str | None = None) -> list[Answer]:
    """Answer photos by asking a running server, Sightline's or TensorFlow Serving.

    Raises:
        ServerError: the server cannot be reached or does not know the model.
    """
    address = url.rstrip("/")
    model, kind, classes = (name, FIRST_KIND, []) if name else describe_server(address)
    serving = problem_of(kind).serving
    answers = []
    for photo in photos:
        content = read_photo(photo)
        if isinstance(content, str):
            answers.append(refused(photo, content, None))
            continue
        instance = {"b64": base64.b64encode(content).decode("ascii")}
        body = call(f"{address}/v1/models/{model}:predict", {"instances": [instance]})
        if "error" in body:
            answers.append(refused(photo, str(body["error"]), None))
            continue
        result = first_answer(address, body, serving)
        answers.append(to_answer(photo, result, serving, classes, None))
    return answers


def first_answer(address: str, body: dict[str, Any], serving: Serving[Any]) -> Any:
    """Read the first prediction of a server's answer.

    Raises:
        ServerError: it is that of another kind of model.
    """
    try:
        return serving.from_json(body["predictions"][0])
    except (KeyError, IndexError, TypeError) as error:
        raise ServerError(
            f"{address}: expected predictions with {serving.fields}; received "
            f"{str(body)[:100]}. Ask a server of an exported bundle."
        ) from error


def describe_server(address: str) -> tuple[str, str, list[str]]:
    """Ask a Sightline server for its model's name, kind of problem and class names.

    Raises:
        ServerError: it does not say.
    """
    body = call(f"{address}/healthz", None)
    if "model" not in body:
        raise ServerError(
            f"{address}: expected a Sightline server that tells its model; received "
            f"{str(body)[:100]}. Name the model with --name."
        )
    classes = [str(name) for name in body.get("classes", [])]
    return str(body["model"]), str(body.get("problem", FIRST_KIND)), classes


def call(url: str, content: dict[str, Any] | None) -> dict[str, Any]:
    """Return the JSON answer of a server, also where it refuses one image.

    Raises:
        ServerError: no answer, no JSON, or an answer that no other photo would change.
    """
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, data)
    if not url.startswith(("http://", "https://")):
        raise ServerError(f"Expected an address such as http://127.0.0.1:8501; received {url!r}.")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        if error.code == 400:
            return dict(json.loads(text))
        raise ServerError(
            f"{url}: expected an answer, received status {error.code}: {text[:200]}. "
            "Check the address and the model's name."
        ) from error
    except (OSError, ValueError) as error:
        raise ServerError(
            f"{url}: expected a server that answers JSON; {error}. "
            "Start one with `sightline serve`, or check the address."
        ) from error
