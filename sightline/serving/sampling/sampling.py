"""What a person decides about sampling."""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which share of what is answered is kept, and where."""

    share: float
    """Of the images, 0 to 1."""
    folder: Path
    images: bool = False
    """Whether the images are kept as well."""
    max_mb: int = 1_000

    def check_folder(self) -> None:
        """Make the folder.

        Raises:
            SettingsError: nobody can write there, or nothing.
        """
        if importlib.util.find_spec("pyarrow") is None:
            raise SettingsError(
                "--sample-share: expected pyarrow, which writes samples; found none. Install it "
                "(pip install pyarrow). The image sightline/serving leaves it out: serve with "
                "`sightline serve` of a whole installation to keep samples."
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"--sample-folder {self.folder}: expected a folder, the system says: "
                f"{error.strerror}. Name another one."
            ) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise SettingsError(
                f"--sample-folder {self.folder}: expected a folder that can be written to, "
                "received one that cannot. Name another one."
            )
