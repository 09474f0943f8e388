from pydantic import Field

from sightline.ground.settings import LocationText, filled_with, location

from .image_settings import ImageSettings


class FingerprintBatchSettings(ImageSettings):
    """What to answer, and with which model."""

    folder: LocationText = Field(
        min_length=1,
        json_schema_extra=location("read", folder=True) | filled_with("answering model"),
    )
    """Model folder whose live version answers."""
    version: int = Field(default=0, ge=0)
    """The version that answers; 0 takes the live one. All shards are answered by the same, whatever goes live meanwhile."""


class ShardSettings(ImageSettings):
    """Into how many shards images are cut."""

    images_per_shard: int = Field(default=10_000, ge=1)
    """Images that one task answers; a shard is what runs beside the others, is reused, and is tried again."""


class PredictSettings(ImageSettings):
    """How the images of a shard are answered."""

    folder: LocationText = Field(
        min_length=1,
        json_schema_extra=location("read", folder=True) | filled_with("answering model"),
    )
    """Model folder whose live version answers."""
    workers: int = Field(default=0, ge=0)
    """Processes that answer, each with the model in memory; 0 takes one per core."""
    top_k: int = Field(default=0, ge=0)
    """How many of the most probable classes have columns, by rank, in place of a column for each class; 0 has all of them."""


class CollectSettings(ImageSettings):
    """What is made of the answers."""

    csv: bool = True
    """Whether a CSV for people is written beside the Parquet file."""
    max_thumbnails: int = Field(default=24, ge=0, le=200)
    """Images that the model is least sure of, shown in the report."""
