from pydantic import Field, field_validator

from sightline.ground.models.formats import CHOSEN, LITERT_INT8
from sightline.ground.models.signatures import NUM_BEST
from sightline.ground.settings import StageSettings, TextList, filled_with, shown_first

KEYS, TOP_K, EMBEDDING, EXPLANATION = "keys", "top_k", "embedding", "explanation"
FILENAMES = "filenames"
SIGNATURES = (KEYS, TOP_K, EMBEDDING, EXPLANATION, FILENAMES)


class ExportSettings(StageSettings):
    """What goes into the bundle, and how exactly it must answer."""

    formats: TextList = (LITERT_INT8,)
    """Forms of the model beside the SavedModel and LiteRT in floats, which are always written: litert-float16, litert-int8, onnx."""
    signatures: TextList = (KEYS, TOP_K, EMBEDDING, EXPLANATION)
    """Ways to ask the SavedModel beside image files and pixels: keys (a client's key comes back), top_k (the best classes by name), embedding, explanation (for Vertex AI), filenames (the server opens what a client names: only behind a wall)."""
    top_k: int = Field(default=NUM_BEST, ge=1)
    """Classes that the signature of the best ones names."""
    model_name: str = Field(
        default="model",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        examples=["flowers"],
        json_schema_extra=filled_with("model name"),
    )
    """Name in the model card and the serving address."""
    parity_images: int = Field(default=100, ge=1)
    """Test images that every form answers from the original files, so that decoding is compared, too."""
    accuracy_images: int = Field(default=1000, ge=1)
    """Test images that every form answers, for its accuracy; beyond `parity_images` as they were prepared for evaluate."""
    parity_tolerance: float = Field(default=0.02, gt=0, le=1)
    """Largest difference of any probability between the SavedModel, LiteRT in floats or ONNX and the trained model."""
    calibration_images: int = Field(default=100, ge=10)
    """Training images that set the ranges of the int8 model."""
    min_agreement: float = Field(default=0.9, ge=0, le=1)
    """Smallest share of images on which a form that rounds (float16, int8) must say the same, such as the same class; below it the bundle leaves it out."""
    max_accuracy_loss: float = Field(default=0.03, ge=0, le=1)
    """How much of the headline figure, such as accuracy, a form that rounds may lose on the test split; of an error, the share by which it may grow. The bundle leaves out what loses more."""
    golden_requests: int = Field(default=8, ge=1, le=100)
    """Real requests with their answers that every deployment must repeat."""
    licence: str = Field(default="not stated", json_schema_extra=shown_first())
    """Licence of the model, for the model card."""
    intended_use: str = Field(default="not stated", json_schema_extra=shown_first())
    """What the model is meant for, for the model card."""

    @field_validator("formats")
    @classmethod
    def known_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse forms that no bundle has."""
        return some_of(CHOSEN, formats, "The SavedModel and LiteRT in floats are written anyway")

    @field_validator("signatures")
    @classmethod
    def known_signatures(cls, signatures: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse signatures that no SavedModel has."""
        return some_of(SIGNATURES, signatures, "Image files and pixels are taken anyway")


def some_of(known: tuple[str, ...], received: tuple[str, ...], anyway: str) -> tuple[str, ...]:
    """Refuse names that are not known."""
    if unknown := [name for name in received if name not in known]:
        raise ValueError(
            f"expected some of {', '.join(known)}, received {', '.join(unknown)}. {anyway}"
        )
    return received
