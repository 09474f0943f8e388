"""A bundle as the one version of a model folder, so that it is served like any other."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.ground.models.model_folder import INFO_FILE
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.formats.bundle import BundleInfo, check_files, files_of, read_info, read_sound


@contextmanager
def as_model_folder(folder: Path) -> Iterator[Path]:
    """Have a model folder: `folder` itself, or one whose version 1 is the bundle that it is.

    Nothing is copied: the version holds links to the files of the bundle.

    Raises:
        DataError: it is a bundle that is damaged.
    """
    if not (folder / INFO_FILE).is_file():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="sightline-") as scratch:
        lay_links(folder, Path(scratch) / "1")
        yield Path(scratch)


def lay_links(bundle: Path, version: Path) -> None:
    """Lay out a bundle, or a version by itself, as a version of a model folder.

    Raises:
        DataError: it is damaged.
    """
    info = read_info(bundle)
    names = names_in_version(bundle, info)
    if (bundle / SAVED_MODEL).is_dir():
        check_files(bundle, info)
    else:
        read_sound(bundle)
        names = {name: name for name in names.values()}
    for inside, name in names.items():
        link = version / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((bundle / inside).resolve())


def names_in_version(bundle: object, info: BundleInfo) -> dict[str, str]:
    """Return the files of a bundle, and where each lies in a version of a model folder.

    Raises:
        DataError: one would lie elsewhere.
    """
    return {name: name.removeprefix(f"{SAVED_MODEL}/") for name in files_of(info, bundle)}
