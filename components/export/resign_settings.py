from pydantic import Field, field_validator

from sightline.ground.models.formats import CHOSEN
from sightline.ground.settings import StageSettings, TextList

from .settings import EMBEDDING, EXPLANATION, KEYS, SIGNATURES, TOP_K, some_of


class ResignSettings(StageSettings):
    """What changes about a bundle; its answers do not."""

    signatures: TextList = (KEYS, TOP_K, EMBEDDING, EXPLANATION)
    """Ways to ask the SavedModel beside image files and pixels, as for export."""
    top_k: int = Field(default=5, ge=1)
    """Classes that the signature of the best ones names."""
    labels: TextList = ()
    """Classes that get another name, each as old=new; their order stays."""
    formats: TextList = ()
    """Forms to add: litert-float16, onnx; those that the bundle has stay."""
    model_name: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")
    """Name in the model card and the serving address; empty keeps it."""
    licence: str = ""
    """Licence in the model card; empty keeps it."""
    intended_use: str = ""
    """Intended use in the model card; empty keeps it."""

    @field_validator("formats")
    @classmethod
    def known_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse forms that no bundle has."""
        return some_of(CHOSEN, formats, "Those that the bundle has stay")

    @field_validator("signatures")
    @classmethod
    def known_signatures(cls, signatures: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse signatures that no SavedModel has."""
        return some_of(SIGNATURES, signatures, "Image files and pixels are taken anyway")
