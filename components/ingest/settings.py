from typing import Literal

from pydantic import Field

from components.ingest.age import MaxAge
from sightline.ground.settings import StageSettings, TextList, location


class IngestSettings(StageSettings):
    """Where images and labels come from, and how many may be refused."""

    source: str = Field(min_length=1, json_schema_extra=location("read"))
    """Folder, CSV, JSONL, zip or tar with the labelled images; a path or a gs://, s3:// or https:// URI."""
    source_format: Literal["auto", "folder", "csv", "jsonl"] = "auto"
    """How labels are given: by class folders, by a CSV table or by JSON lines; auto looks at the source."""
    image_column: str = ""
    """CSV column with the image path or URI, by name or number; empty takes `uri`, `image`, `path`, `file`, `filename` or the first."""
    label_column: str = ""
    """CSV column with the label; empty takes `label`, `class`, `category` or the second."""
    split_column: str = ""
    """CSV column with train, validation or test; empty takes `split`, `ml_use` or `subset` if there is one."""
    group_column: str = ""
    """CSV column or JSONL resource label whose equal values stay in one split, such as a patient; empty means none."""
    label_separator: str = ""
    """Text between several labels in one CSV cell, such as ; or |; empty means one label per cell."""
    csv_header: Literal["auto", "yes", "no"] = "auto"
    """Whether the first CSV line names the columns; auto looks whether it names an image."""
    classes: TextList = ()
    """The labels to expect, as a JSON list; others go to quarantine. Empty accepts every label."""
    max_refused_share: float = Field(default=0.1, ge=0, le=1)
    """Largest share of rows that may go to quarantine before the run fails."""
    max_megapixels: float = Field(default=50.0, gt=0)
    """Largest image to accept, in millions of pixels; larger ones go to quarantine."""
    workers: int = Field(default=0, ge=0)
    """Threads that read and decode images; 0 takes one per core, or 8 where images come over a network."""


class FingerprintSettings(StageSettings):
    """What to list, and how long an unchanged listing stands for the same data."""

    source: str = Field(min_length=1, json_schema_extra=location("read"))
    """Folder, CSV, JSONL, zip or tar with the labelled images; a path or a gs://, s3:// or https:// URI."""
    cache_max_age: MaxAge = ""
    """Longest time that results are reused while the source does not change, as an ISO 8601 duration such as P7D or PT12H; periods of this length are counted from 1970-01-01 UTC, and the first run in each reads the source again. Empty sets no limit."""
