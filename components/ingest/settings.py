from pydantic import Field

from sightline.ground.settings import shown_first
from sightline.ground.source.file_kinds import MOST_MEGAPIXELS
from sightline.ground.source.settings import OriginSettings, SourceSettings
from sightline.problems.settings import ProblemSettings

from .age import MaxAge
from .value_range import ValueRange


class IngestSettings(ProblemSettings, SourceSettings):
    """Where images and labels come from, and how many may be refused."""

    max_refused_share: float = Field(default=0.1, ge=0, le=1, json_schema_extra=shown_first())
    """Largest share of rows that may go to quarantine before the run fails."""
    images_per_class: int = Field(default=0, ge=0)
    """At most so many images of each class, and of each split that the source gives, for a quick try: those whose content hashes come first, whatever their names and order. 0 takes all."""
    max_megapixels: float = Field(default=MOST_MEGAPIXELS, gt=0)
    """Largest image to accept, in millions of pixels; larger ones go to quarantine. What decoding would allocate counts, so 16 bits in each of four channels count twice."""
    value_range: ValueRange = ""
    """The values that are black and white in images with more than 8 bits a sample that do not say so themselves, such as 0..4095 for 12 bits in files of 16, or 0..1; what lies beyond is cut off. Empty takes all of their type."""
    workers: int = Field(default=0, ge=0)
    """Threads that read and decode images; 0 takes one per core, or 8 where images come over a network."""


class FingerprintSettings(OriginSettings):
    """What to list, and how long an unchanged listing stands for the same data."""

    cache_max_age: MaxAge = ""
    """Longest time that results are reused while the source does not change, as an ISO 8601 duration such as P7D or PT12H; periods of this length are counted from 1970-01-01 UTC, and the first run in each reads the source again. Empty sets no limit."""
