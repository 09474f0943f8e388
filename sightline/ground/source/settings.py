from typing import Literal

from pydantic import Field, field_validator

from sightline.ground.settings import LocationText, StageSettings, TextList, location, shown_first
from sightline.ground.source.remote.reach import TableHosts
from sightline.ground.source.words import clean_word

TableFormat = Literal["csv", "jsonl", "json", "parquet"]


class OriginSettings(StageSettings):
    """Where images and labels come from."""

    source: LocationText = Field(min_length=1, json_schema_extra=location("read") | shown_first())
    """Folder, CSV, JSON, JSONL, Parquet, zip or tar with the labelled images; a path or a gs://, s3:// or https:// URI."""
    table_hosts: TableHosts = "auto"
    """Which web servers images may lie on: public keeps addresses of this machine and of private networks out, but for the server of the source itself; any takes all; auto is any for a table on this machine and public for one from a server or an archive."""
    label_names: LocationText = Field(default="", json_schema_extra=location("read"))
    """File that gives the codes of labels their names, such as cat_to_name.json: a JSON object, a CSV of two columns, or a .txt with a name per line, counted from 0. Empty takes labels as they are."""
    corrections: LocationText = Field(default="", json_schema_extra=location("read"))
    """What people decided about labels: the suspects.csv of label check with its column `decision` filled in, JSON lines of a reviewer with the same keys, an export of Label Studio or FiftyOne, or a folder of these. It relabels, drops or confirms images, whatever they are called. Empty takes labels as the source gives them."""


class SourceSettings(OriginSettings):
    """Where images and labels come from, and how a table is read."""

    source_format: Literal["auto", "folder", TableFormat] = "auto"
    """How labels are given: by class folders, by a CSV, JSON or Parquet table or by JSON lines; auto looks at the source."""
    image_column: str = ""
    """Table column with the image path or URI, by name or number; empty takes a usual name such as `uri`, `image_path` or `filename`, or the column whose cells name images."""
    label_column: str = ""
    """Table column with the label; empty takes a usual name such as `label`, `class_name` or `category`, one column per class with 0 and 1, or the only other column."""
    split_column: str = ""
    """Table column with train, validation or test; empty takes `split`, `ml_use` or `subset` if there is one."""
    group_column: str = ""
    """Table column or JSONL resource label whose equal values stay in one split, such as a patient; empty means none."""
    label_separator: str = ""
    """Text between several labels in one cell of a table, such as ; or |; empty means one label per cell, and for kinds of problem with several labels an image what the cells show: |, ; or ,. `none` means one label per cell for these, too, such as `Smith, J`; lists stay lists."""
    csv_header: Literal["auto", "yes", "no"] = "auto"
    """Whether the first CSV line names the columns; auto looks whether it names an image."""
    class_folder: Literal["auto", "first", "last"] = "auto"
    """Which folder of an image's path is its class: the first below the source or split, or the last before the file; auto takes the first, and asks where both could be meant."""
    classes: TextList = ()
    """The labels to expect, as a JSON list; others go to quarantine. Empty accepts every label."""

    @field_validator("classes")
    @classmethod
    def _as_labels_are(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for name in classes if (word := clean_word(name))))
