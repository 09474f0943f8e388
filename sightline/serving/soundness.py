"""Say of every version of a model folder whether it is sound; for processes without TensorFlow.

`python -m sightline.serving.soundness FOLDER` prints a JSON object per version, newest first; with
`--ask` the live one is also loaded and must repeat its golden answers.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.model_folder import version_numbers
from sightline.problems.open_version import open_version
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import golden_tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """What was found in one version."""

    version: int
    damage: str
    """What is wrong with it; empty where it is sound."""


def examine(folder: Path, *, ask: bool) -> Iterator[Soundness]:
    """Look at every version, newest first.

    Args:
        folder: the model folder.
        ask: whether the live version is loaded and asked its golden requests.
    """
    for index, number in enumerate(version_numbers(folder)):
        place = folder / str(number)
        try:
            if ask and index == 0:
                open_version(place, golden_tolerance(folder, number))
            else:
                read_sound(place)
        except UserError as error:
            yield Soundness(version=number, damage=str(error))
        else:
            yield Soundness(version=number, damage="")


def main() -> None:
    """Print what was found, a line per version."""
    parser = argparse.ArgumentParser(prog="python -m sightline.serving.soundness")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ask", action="store_true")
    arguments = parser.parse_args()
    for found in examine(arguments.folder, ask=arguments.ask):
        sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main()
