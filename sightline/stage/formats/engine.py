"""What can answer with a bundle: its engines, how each was measured, which may be used."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LITERT = "litert"
LITERT_INT8 = "litert-int8"
TENSORFLOW = "tensorflow"
BEST_FIRST = (LITERT, TENSORFLOW, LITERT_INT8)
"""As a server prefers them: those that answer as evaluated, the fastest at the front; then int8,
which is faster still but answers otherwise, so that somebody has to ask for it."""
SAVED_MODEL = "saved_model"

LABELS = {TENSORFLOW: "SavedModel", LITERT: "LiteRT float", LITERT_INT8: "LiteRT int8"}
"""As reports name the engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One way to answer with a bundle, and how closely it came to the model that was evaluated."""

    name: str
    """`litert`, `litert-int8` or `tensorflow`."""
    file: str
    """File or folder inside the bundle; empty where the bundle does without it."""
    num_images: int = 0
    """Test images that it answered from original files; 0 where nobody compared."""
    top1_agreement: float | None = None
    """Share of them that a client would say the same of."""
    max_difference: float | None = None
    """Largest difference of any number in an answer."""
    required_agreement: float | None = None
    """Smallest `top1_agreement` that the bundle demands; None where it demands none."""
    tolerance: float | None = None
    """Largest `max_difference` that the bundle allows; None where any is allowed."""
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
    return Engine(**{name: document[name] for name in Engine.__dataclass_fields__})


def engine_document(engine: Engine) -> dict[str, Any]:
    """Return an engine as `bundle.json` holds it, for readers in other languages too."""
    return {**asdict(engine), "usable": engine.usable, "reason": engine.reason}
