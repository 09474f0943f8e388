"""Say of every version of a model folder whether it is sound, for processes that read no model.

`python -m sightline.serving.soundness FOLDER` prints a JSON object per version, newest first, and
one for the log; with `--ask` the live one is also loaded and must repeat its golden answers.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.models.model_folder import (
    CHALLENGER_PREFIX,
    ROLLED_BACK_PREFIX,
    UNDEPLOYED_PREFIX,
    taken_numbers,
    version_numbers,
)
from sightline.problems.open_version import choose, open_version
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import golden_tolerance
from sightline.stage.registry.log import LOG, read_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """What was found in one version, or in the log."""

    name: str
    """Folder of the version, or the file that tells of deployments."""
    damage: str
    """What is wrong with it; empty where it is sound."""
    version: int | None = None
    """Its number, where it is or could be live."""


def examine(folder: Path, *, ask: bool) -> Iterator[Soundness]:
    """Look at every version, newest first, then at those out of service, and at the log.

    Args:
        folder: the model folder.
        ask: whether the live version is loaded and asked its golden requests.
    """
    for index, number in enumerate(version_numbers(folder)):
        place = folder / str(number)
        live = ask and index == 0
        damage = _damage(partial(_open, folder, number) if live else partial(read_sound, place))
        yield Soundness(name=place.name, damage=damage, version=number)
    for prefix in (CHALLENGER_PREFIX, UNDEPLOYED_PREFIX, ROLLED_BACK_PREFIX):
        for number in taken_numbers(folder, prefix):
            place = folder / f"{prefix}{number}"
            yield Soundness(name=place.name, damage=_damage(partial(read_sound, place)))
    yield Soundness(name=LOG, damage=_damage(partial(read_log, folder)))


def _open(folder: Path, number: int) -> None:
    open_version(choose(folder / str(number)), golden_tolerance(folder, number))


def _damage(look: Callable[[], object]) -> str:
    try:
        look()
    except UserError as error:
        return str(error)
    return ""


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
