"""What addresses ask for, in the words of the protocols; nothing of a body is known here."""

import re
from dataclasses import dataclass
from typing import Literal

from sightline.serving.protocols.protocol import RequestError

LIVE_LABELS = ("stable", "live")
"""Labels of the live version; TensorFlow Serving knows those that its operator gives."""
LARGEST_VERSION = 2**63 - 1
MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
CALL = re.compile(MODEL + r":(?P<verb>classify|regress|predict)", re.IGNORECASE)
LOOK = re.compile(MODEL + r"(?P<verb>/metadata)?", re.IGNORECASE)
NO_NAME = re.compile(r"/v1/models/?(metadata)?", re.IGNORECASE)
MODEL_V2 = re.compile(
    r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>\d+))?(?:/(?P<verb>ready|infer))?"
)
Verb = Literal["predict", "metadata", "status", "ready"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a call of TensorFlow Serving's REST asks for."""

    verb: Verb
    name: str
    version: int | None
    """None is the live one."""
    is_labelled: bool = False
    """Whether a label of the live version was named."""

    @property
    def in_words(self) -> str:
        """Name the version as TensorFlow Serving's errors do."""
        if self.version is None:
            return f"Latest({self.name})"
        return f"Specific({self.name}, {self.version})"


def parse(method: str, path: str) -> Address:
    """Read an address below `/v1`.

    Raises:
        RequestError: TensorFlow Serving would not take it; in its words.
    """
    malformed = RequestError(400, f"Malformed request: {method} {path[:200]}")
    found = CALL.fullmatch(path) if method == "POST" else None
    if found is None and method in ("GET", "HEAD"):
        found = LOOK.fullmatch(path)
        if found is None and NO_NAME.fullmatch(path):
            raise RequestError(400, "Missing model name in request.")
    if found is None:
        raise malformed
    verb = (found["verb"] or "").lower()
    if verb in ("classify", "regress"):
        method_name = "classification" if verb == "classify" else "regression"
        raise RequestError(
            400,
            f"Expected {method_name} signature method_name to be tensorflow/serving/{verb}. Was: "
            "tensorflow/serving/predict",
        )
    label = found["label"]
    if label is not None and label.lower() not in LIVE_LABELS:
        raise RequestError(400, f"Unrecognized servable version label: {label[:200]}")
    verbs: dict[str, Verb] = {"predict": "predict", "/metadata": "metadata", "": "status"}
    return Address(
        verb=verbs[verb],
        name=found["name"],
        version=_version(found["version"]),
        is_labelled=found["label"] is not None,
    )


def parse_v2(method: str, path: str) -> Address:
    """Read the address of a model in the Open Inference Protocol.

    Raises:
        RequestError: it is none.
    """
    found = MODEL_V2.fullmatch(path)
    if found is None or (found["verb"] == "infer") != (method == "POST"):
        raise RequestError(404, f"Malformed request: {method} {path[:200]}")
    verbs: dict[str | None, Verb] = {"infer": "predict", "ready": "ready", None: "metadata"}
    return Address(
        verb=verbs[found["verb"]], name=found["name"], version=_version(found["version"])
    )


def _version(digits: str | None) -> int | None:
    if digits is None:
        return None
    # int() takes no more than 4,300 digits.
    if len(digits) > len(str(LARGEST_VERSION)) or int(digits) > LARGEST_VERSION:
        raise RequestError(400, f"Failed to convert version: {digits[:40]} to numeric.")
    return int(digits)
