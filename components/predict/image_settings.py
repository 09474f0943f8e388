from typing import Literal

from pydantic import Field

from sightline.ground.settings import LocationText, StageSettings, location, shown_first
from sightline.ground.source.remote.reach import TableHosts
from sightline.ground.source.settings import SourceSettings, TableFormat


class ImageSettings(StageSettings):
    """Where the images are that shall be answered."""

    source: LocationText = Field(min_length=1, json_schema_extra=location("read") | shown_first())
    """Folder, CSV, JSON, JSONL, Parquet, zip or tar with the images; a path or a gs://, s3:// or https:// URI. Labels are not needed."""
    source_format: Literal["auto", "folder", TableFormat] = "auto"
    """How images are named: by a folder, by a CSV, JSON or Parquet table or by JSON lines; auto looks at the source."""
    image_column: str = ""
    """Table column with the image path or URI, by name or number; empty takes a usual name such as `uri`, `image_path` or `filename`, or the column whose cells name images."""
    csv_header: Literal["auto", "yes", "no"] = "auto"
    """Whether the first CSV line names the columns; auto looks whether it names an image."""
    table_hosts: TableHosts = "auto"
    """Which web servers images may lie on: public keeps addresses of this machine and of private networks out, but for the server of the source itself; any takes all; auto is any for a table on this machine and public for one from a server or an archive."""

    def of_source(self) -> SourceSettings:
        """Return them as the reader of sources takes them."""
        return SourceSettings(
            source=self.source,
            source_format=self.source_format,
            image_column=self.image_column,
            csv_header=self.csv_header,
            table_hosts=self.table_hosts,
        )
