from pydantic import Field, field_validator

from sightline.ground.models.formats import CHOSEN
from sightline.ground.settings import StageSettings, TextList

from .settings import SIGNATURES, some_of


class ResignSettings(StageSettings):
    """What changes about a bundle; its answers do not."""

    signatures: TextList | None = None
    """Ways to ask the SavedModel beside image files and pixels, as for export; none given keeps those that it has."""
    top_k: int = Field(default=0, ge=0)
    """Classes that the signature of the best ones names; 0 keeps their number."""
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
    def known_signatures(cls, signatures: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Refuse signatures that no SavedModel has."""
        return signatures and some_of(
            SIGNATURES, signatures, "Image files and pixels are taken anyway"
        )
