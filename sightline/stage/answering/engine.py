"""What can answer with a bundle: its engines, how each was measured, which may be used."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sightline.ground.models.formats import LITERT, LITERT_FLOAT16, LITERT_INT8, ONNX, TENSORFLOW

SAVED_MODEL = "saved_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One form in which a bundle holds the model."""

    engine: str
    """What answers with it, as servers, settings and `bundle.json` name it."""
    label: str
    """As reports name it."""
    file: str
    """File or folder inside the bundle."""
    takes: str
    """Type of the pixels that a client gives it; empty where it takes image files."""
    library: str
    """The Python package that answers with it."""
    rounds: bool = False
    """Whether its answers may differ from those that were evaluated: then it is held to the share
    of images that it says the same of and to what it loses, not to the numbers."""


FORMATS = (
    Format(
        engine=LITERT,
        label="LiteRT float",
        file="model.tflite",
        takes="float32",
        library="ai_edge_litert",
    ),
    Format(
        engine=TENSORFLOW,
        label="SavedModel",
        file=SAVED_MODEL,
        takes="",
        library="tensorflow",
    ),
    Format(
        engine=ONNX,
        label="ONNX",
        file="model.onnx",
        takes="float32",
        library="onnxruntime",
    ),
    Format(
        engine=LITERT_FLOAT16,
        label="LiteRT float16",
        file="model_float16.tflite",
        takes="float32",
        library="ai_edge_litert",
        rounds=True,
    ),
    Format(
        engine=LITERT_INT8,
        label="LiteRT int8",
        file="model_int8.tflite",
        takes="uint8",
        library="ai_edge_litert",
        rounds=True,
    ),
)
"""As a server prefers them: those that answer as evaluated, the fastest at the front, then those
that answer otherwise, so that somebody has to ask for them."""
BY_ENGINE = {one.engine: one for one in FORMATS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One way to answer with a bundle, and how closely it came to the model that was evaluated."""

    name: str
    """As `FORMATS` names it."""
    file: str
    """File or folder inside the bundle; empty where the bundle does without it."""
    num_images: int = 0
    """Test images that it answered from original files; 0 where nobody compared."""
    top1_agreement: float | None = None
    """Share of them that a client would say the same of."""
    max_difference: float | None = None
    """Largest difference of any number in an answer."""
    loss: float | None = None
    """What it loses of the headline figure on the test split, in points of 1; where that is an
    error, the share by which it grows. Negative where it gains."""
    required_agreement: float | None = None
    """Smallest `top1_agreement` that the bundle demands; None where it demands none."""
    tolerance: float | None = None
    """Largest `max_difference` that the bundle allows; None where any is allowed."""
    allowed_loss: float | None = None
    """Largest `loss` that the bundle allows; None where nobody measured."""
    left_out: str = ""
    """Why the bundle does without it."""

    @property
    def usable(self) -> bool:
        """Whether it is there and answers as closely as the bundle demands."""
        return not self.reason

    @property
    def reason(self) -> str:
        """Why nobody may answer with it; empty where one may."""
        if self.left_out or not self.file:
            return self.left_out or "it is not in the bundle"
        same, largest = self.top1_agreement, self.max_difference
        if self.required_agreement is not None and not (same or 0.0) >= self.required_agreement:
            return (
                f"it gives the same answer on {same or 0.0:.1%} of {self.num_images} test images, "
                f"{self.required_agreement:.1%} is required"
            )
        if self.allowed_loss is not None and not (
            self.loss is not None and self.loss <= self.allowed_loss
        ):
            return (
                f"it loses {self.loss} of the headline figure on {self.num_images} test images, "
                f"{self.allowed_loss:g} is allowed"
            )
        # A bundle that allows a difference has measured it; a NaN is within nothing.
        if self.tolerance is not None and not (largest is not None and largest <= self.tolerance):
            return (
                f"an answer of {self.num_images} test images differs by {largest}, "
                f"{self.tolerance:g} is allowed"
            )
        return ""

    def in_version(self, version: Path) -> Path:
        """Return its file, or its folder, in a version of a model folder.

        There, the files of the SavedModel lie beside the others.
        """
        return version if self.file == SAVED_MODEL else version / self.file


TENSORFLOW_ALONE = (Engine(name=TENSORFLOW, file=SAVED_MODEL),)
"""What bundles have that name no engines: those of older versions."""


def engine_from(document: Mapping[str, Any]) -> Engine:
    """Read an engine as `bundle.json` holds it; what is derived is derived again."""
    known = {name: document[name] for name in Engine.__dataclass_fields__ if name in document}
    return Engine(**known)


def engine_document(engine: Engine) -> dict[str, Any]:
    """Return an engine as `bundle.json` holds it, for readers in other languages too."""
    return {**asdict(engine), "usable": engine.usable, "reason": engine.reason}
